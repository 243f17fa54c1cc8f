using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Emulated.Front;

namespace IacCi.Emulated.Stacks;

/// <summary>Sets a deployment up through the API, as Terraform would.</summary>
internal sealed class StackBuilder(AwsApi api, EmulatedAwsOptions options, SeededRandom dice)
{
    private const string Account = "123456789012";

    /// <summary>The role of functions that belong to no deployment.</summary>
    private const string Shared = "emulated";

    public async Task<Deployment> BuildAsync(string prefix, StackOptions wanted)
    {
        var secret = dice.Hex(40);
        var stack = new Deployment(prefix, new Dictionary<string, string>(), "", secret);
        stack = stack with { Variables = Variables(stack, wanted) };
        await api.CallAsync(
            "ssm", "PutParameter", new JsonObject { ["Name"] = SecretName(stack), ["Type"] = "SecureString", ["Value"] = secret });
        await TablesAsync(stack);
        await api.CallAsync("sqs", "CreateQueue", new JsonObject { ["QueueName"] = stack.FailureQueue });
        await FunctionsAsync(stack, wanted);
        await BucketsAsync(stack);
        await MachineAsync(stack, wanted);
        await ProjectAsync(stack);
        return stack with { ApiUrl = await HttpApiAsync(stack) };
    }

    private static string SecretName(Deployment stack) => $"/iac-ci/{stack.Prefix}/webhook-secret";

    private string FunctionArn(string name) => $"arn:aws:lambda:{options.Region}:{Account}:function:{name}";

    private string MachineArn(Deployment stack) => $"arn:aws:states:{options.Region}:{Account}:stateMachine:{stack.Prefix}-watchdog";

    private Dictionary<string, string> Variables(Deployment stack, StackOptions wanted)
    {
        var variables = new Dictionary<string, string>
        {
            ["IAC_CI_ORDERS_TABLE"] = stack.OrdersTable,
            ["IAC_CI_ORDER_EVENTS_TABLE"] = stack.EventsTable,
            ["IAC_CI_LOCKS_TABLE"] = stack.LocksTable,
            ["IAC_CI_INTERNAL_BUCKET"] = stack.InternalBucket,
            ["IAC_CI_DONE_BUCKET"] = stack.DoneBucket,
            ["IAC_CI_WORKER_LAMBDA"] = stack.Work,
            ["IAC_CI_ORCHESTRATE_LAMBDA"] = stack.Orchestrate,
            ["IAC_CI_CODEBUILD_PROJECT"] = stack.Project,
            ["IAC_CI_WATCHDOG_SFN"] = MachineArn(stack),
            ["IAC_CI_WEBHOOK_SECRET_LOCATION"] = $"aws:::ssm:{SecretName(stack)}",
        };
        foreach (var (name, value) in wanted.Variables)
        {
            variables[name] = value;
        }

        return variables;
    }

    private async Task TablesAsync(Deployment stack)
    {
        await TableAsync(stack.OrdersTable, "pk", null);
        await TableAsync(stack.LocksTable, "pk", null);
        await TableAsync(stack.EventsTable, "trace_id", "sk", new JsonObject
        {
            ["IndexName"] = "order_name-epoch-index",
            ["KeySchema"] = Keys("order_name", "epoch"),
            ["Projection"] = new JsonObject { ["ProjectionType"] = "ALL" },
        });
    }

    private async Task TableAsync(string name, string hash, string? range, JsonObject? index = null)
    {
        var attributes = new JsonArray { Attribute(hash, "S") };
        if (range is not null)
        {
            attributes.Add((JsonNode)Attribute(range, "S"));
        }

        if (index is not null)
        {
            attributes.Add((JsonNode)Attribute("order_name", "S"));
            attributes.Add((JsonNode)Attribute("epoch", "N"));
        }

        var table = new JsonObject
        {
            ["TableName"] = name,
            ["AttributeDefinitions"] = attributes,
            ["KeySchema"] = Keys(hash, range),
            ["BillingMode"] = "PAY_PER_REQUEST",
        };
        if (index is not null)
        {
            table["GlobalSecondaryIndexes"] = new JsonArray { index };
        }

        await api.CallAsync("dynamodb", "CreateTable", table);
        await api.CallAsync("dynamodb", "UpdateTimeToLive", new JsonObject
        {
            ["TableName"] = name,
            ["TimeToLiveSpecification"] = new JsonObject { ["Enabled"] = true, ["AttributeName"] = "ttl" },
        });
    }

    private static JsonObject Attribute(string name, string type) => new() { ["AttributeName"] = name, ["AttributeType"] = type };

    private static JsonArray Keys(string hash, string? range)
    {
        var keys = new JsonArray { new JsonObject { ["AttributeName"] = hash, ["KeyType"] = "HASH" } };
        if (range is not null)
        {
            keys.Add((JsonNode)new JsonObject { ["AttributeName"] = range, ["KeyType"] = "RANGE" });
        }

        return keys;
    }

    private async Task FunctionsAsync(Deployment stack, StackOptions wanted)
    {
        await RoleAsync(stack.Prefix);
        await RoleAsync(stack.Reader);
        await RoleAsync(stack.WorkerRole, wanted.WorkersHaveRights);
        foreach (var (name, command, timeout) in ((string, string[], int)[])
                 [(stack.Webhook, ["webhook"], wanted.FunctionTimeout), (stack.Orchestrate, ["orchestrate"], wanted.FunctionTimeout),
                  (stack.Watchdog, ["watchdog"], 60), (stack.Work, ["work", "--scratch", "/tmp"], wanted.WorkerTimeout)])
        {
            var variables = name == stack.Webhook ? Extended(stack.Variables, stack.ReaderRole) : stack.Variables;
            await FunctionAsync(stack, name, command, variables, timeout);
            await api.RestAsync("lambda", HttpMethod.Put, $"/2019-09-25/functions/{name}/event-invoke-config", new JsonObject
            {
                ["DestinationConfig"] = new JsonObject
                {
                    ["OnFailure"] = new JsonObject { ["Destination"] = $"arn:aws:sqs:{options.Region}:{Account}:{stack.FailureQueue}" },
                },
            });
        }
    }

    public async Task FunctionAsync(
        Deployment? stack, string name, IEnumerable<string> command, IReadOnlyDictionary<string, string> variables, int timeout)
    {
        if (stack is null)
        {
            await RoleAsync(Shared);
        }

        await api.RestAsync("lambda", HttpMethod.Post, "/2015-03-31/functions", new JsonObject
        {
            ["FunctionName"] = name,
            ["PackageType"] = "Image",
            ["Code"] = new JsonObject { ["ImageUri"] = $"{Account}.dkr.ecr.{options.Region}.amazonaws.com/iac-ci:emulated" },
            ["ImageConfig"] = new JsonObject { ["Command"] = new JsonArray([.. command.Select(c => JsonValue.Create(c))]) },
            ["Role"] = stack is not null && name == stack.Work ? RoleArn(stack.WorkerRole) : RoleArn(stack?.Prefix ?? Shared),
            ["Timeout"] = timeout,
            ["MemorySize"] = 512,
            ["Environment"] =
                new JsonObject { ["Variables"] = new JsonObject(variables.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value))) },
        });
    }

    private static Dictionary<string, string> Extended(IReadOnlyDictionary<string, string> variables, (string Name, string Value) one) =>
        new(variables) { [one.Name] = one.Value };

    private static string RoleArn(string name) => $"arn:aws:iam::{Account}:role/{name}";

    /// <summary>A role that may do anything, or nothing: what the roles of a deployment may do is held against Terraform's.</summary>
    private async Task RoleAsync(string name, bool mayDoAnything = true)
    {
        await IamAsync(
            "CreateRole",
            $"RoleName={name}&AssumeRolePolicyDocument={Uri.EscapeDataString("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}""")}");
        if (mayDoAnything)
        {
            const string Everything = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""";
            await IamAsync("PutRolePolicy", $"RoleName={name}&PolicyName=everything&PolicyDocument={Uri.EscapeDataString(Everything)}");
        }
    }

    private async Task IamAsync(string action, string parameters)
    {
        var (status, _) = await api.SendAsync(
            "iam", HttpMethod.Post, "/", Encoding.UTF8.GetBytes($"Action={action}&Version=2010-05-08&{parameters}"),
            ("Content-Type", "application/x-www-form-urlencoded"));
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Conflict))
        {
            throw new AwsApiException(status, action);
        }
    }

    private async Task PermitAsync(string function, string service) =>
        await api.RestAsync("lambda", HttpMethod.Post, $"/2015-03-31/functions/{function}/policy", new JsonObject
        {
            ["StatementId"] = service.Split('.')[0],
            ["Action"] = "lambda:InvokeFunction",
            ["Principal"] = service,
        });

    private async Task BucketsAsync(Deployment stack)
    {
        await PermitAsync(stack.Orchestrate, "s3.amazonaws.com");
        await S3Async($"/{stack.InternalBucket}", null);
        await S3Async($"/{stack.DoneBucket}", null);
        await S3Async($"/{stack.InternalBucket}?notification", $"""
            <NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CloudFunctionConfiguration><Id>results</Id>
            <CloudFunction>{FunctionArn(stack.Orchestrate)}</CloudFunction><Event>s3:ObjectCreated:*</Event><Filter><S3Key>
            <FilterRule><Name>prefix</Name><Value>tmp/callbacks/runs/</Value></FilterRule>
            <FilterRule><Name>suffix</Name><Value>/result.json</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration></NotificationConfiguration>
            """);
    }

    private async Task S3Async(string target, string? body)
    {
        var (status, answer) = await api.S3Async(HttpMethod.Put, target, body is null ? null : Encoding.UTF8.GetBytes(body));
        if (status != HttpStatusCode.OK)
        {
            throw new AwsApiException(status, $"PUT {target}: {Encoding.UTF8.GetString(answer)}");
        }
    }

    private async Task MachineAsync(Deployment stack, StackOptions wanted) =>
        await api.CallAsync("states", "CreateStateMachine", new JsonObject
        {
            ["name"] = $"{stack.Prefix}-watchdog",
            ["roleArn"] = RoleArn(stack.Prefix),
            ["definition"] = $$$"""
            {"StartAt": "Keep the input", "States": {
              "Keep the input": {"Type": "Pass", "Parameters": {"input.$": "$"}, "Next": "Wait"},
              "Wait": {"Type": "Wait", "Seconds": {{{wanted.PollSeconds}}}, "Next": "Look"},
              "Look": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "{{{FunctionArn(stack.Watchdog)}}}", "Payload.$": "$.input"},
                "ResultSelector": {"done.$": "$.Payload.done"}, "ResultPath": "$.watch",
                "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 10, "BackoffRate": 2}], "Next": "Done?"},
              "Done?": {"Type": "Choice", "Choices": [{"Variable": "$.watch.done", "BooleanEquals": true, "Next": "Done"}], "Default": "Wait"},
              "Done": {"Type": "Succeed"} } }
            """,
        });

    private async Task ProjectAsync(Deployment stack) => await api.CallAsync("codebuild", "CreateProject", new JsonObject
    {
        ["name"] = stack.Project,
        ["serviceRole"] = RoleArn(stack.WorkerRole),
        ["source"] =
            new JsonObject
            {
                ["type"] = "NO_SOURCE",
                ["buildspec"] = "version: 0.2\nphases:\n  build:\n    commands:\n      - iac-ci work\n"
            },
        ["artifacts"] = new JsonObject { ["type"] = "NO_ARTIFACTS" },
        ["environment"] = new JsonObject
        {
            ["type"] = "LINUX_CONTAINER",
            ["computeType"] = "BUILD_GENERAL1_SMALL",
            ["image"] = "emulated",
            ["environmentVariables"] = new JsonArray(),
        },
        ["timeoutInMinutes"] = 60,
    });

    private async Task<string> HttpApiAsync(Deployment stack)
    {
        var created = await api.RestAsync(
            "apigateway", HttpMethod.Post, "/v2/apis", new JsonObject { ["name"] = stack.Prefix, ["protocolType"] = "HTTP" });
        var id = (string)created["apiId"]!;
        var integration = await api.RestAsync("apigateway", HttpMethod.Post, $"/v2/apis/{id}/integrations", new JsonObject
        {
            ["integrationType"] = "AWS_PROXY",
            ["integrationUri"] = FunctionArn(stack.Webhook),
            ["payloadFormatVersion"] = "2.0",
        });
        await api.RestAsync("apigateway", HttpMethod.Post, $"/v2/apis/{id}/routes", new JsonObject
        {
            ["routeKey"] = "POST /webhook",
            ["target"] = $"integrations/{(string)integration["integrationId"]!}",
        });
        await PermitAsync(stack.Webhook, "apigateway.amazonaws.com");
        return (string)created["apiEndpoint"]!;
    }
}
