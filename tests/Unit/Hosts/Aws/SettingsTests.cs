using Amazon.SimpleSystemsManagement.Model;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Text;
using IacCi.Tests.Contract;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>What is said when the environment is not as it should be.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class SettingsTests(EmulatedStores aws)
{
    [Test]
    public async Task A_missing_variable_is_named_only_when_it_is_needed()
    {
        var settings = new AwsSettings(name => name == "IAC_CI_ORDERS_TABLE" ? " orders " : null);
        await Assert.That(settings.OrdersTable).IsEqualTo("orders");
        var missing = await Assert.That(() => settings.Tables).Throws<UserException>();
        await Assert.That(missing!.Message).IsEqualTo(
            "the variable IAC_CI_ORDER_EVENTS_TABLE is not set; set it to the name of the DynamoDB table of order events");
    }

    [Test]
    [Arguments("webhook", "ORDERS_TABLE ORDER_EVENTS_TABLE LOCKS_TABLE INTERNAL_BUCKET DONE_BUCKET WATCHDOG_SFN")]
    [Arguments("orchestrate", "ORDERS_TABLE ORDER_EVENTS_TABLE LOCKS_TABLE INTERNAL_BUCKET DONE_BUCKET WATCHDOG_SFN")]
    [Arguments("watchdog", "ORDERS_TABLE ORDER_EVENTS_TABLE LOCKS_TABLE INTERNAL_BUCKET DONE_BUCKET")]
    public async Task Everything_that_a_role_lacks_is_said_at_once(string role, string lacking)
    {
        var names = lacking.Split(' ').Select(name => "IAC_CI_" + name).ToList();
        var all = await RefusedAsync(role, names.Append("IAC_CI_RECORD_DAYS"));
        await Assert.That(all[0]).IsEqualTo($"{names.Count + 1} variables are missing or wrong:");
        await Assert.That(all.Skip(1).Select(line => line.Split(' ')[4]).Order())
            .IsEquivalentTo(names.Append("IAC_CI_RECORD_DAYS").Order());
        foreach (var name in names)
        {
            await Assert.That((await RefusedAsync(role, [name])).Single()).StartsWith($"the variable {name} is not set; set it to the ");
        }
    }

    /// <summary>What a role says when these variables are missing, or wrong.</summary>
    private static async Task<string[]> RefusedAsync(string role, IEnumerable<string> wrong)
    {
        var lacking = wrong.ToHashSet();
        using var host = new AwsHost(name => lacking.Contains(name) ? (name == "IAC_CI_RECORD_DAYS" ? "never" : null) : name switch
        {
            "IAC_CI_ORDERS_TABLE" or "IAC_CI_ORDER_EVENTS_TABLE" or "IAC_CI_LOCKS_TABLE" or "IAC_CI_INTERNAL_BUCKET" or "IAC_CI_DONE_BUCKET"
                or "IAC_CI_WATCHDOG_SFN" => "x",
            _ => null,
        }, TimeProvider.System, System.Security.Cryptography.RandomNumberGenerator.GetBytes, _ => { });
        var refused = await Assert.That(role switch
        {
            "webhook" => host.CheckWebhook,
            "orchestrate" => host.CheckOrchestrate,
            _ => (Action)host.CheckWatchdog,
        }).Throws<UserException>();
        return refused!.Message.Split('\n');
    }

    [Test]
    [Arguments(null, "prod-orders", "prod-orchestrate")]
    [Arguments("arn:aws:lambda:eu-west-1:1:function:other", "prod-orders", "arn:aws:lambda:eu-west-1:1:function:other")]
    public async Task The_orchestrate_function_is_named_or_known_by_the_deployment(string? named, string table, string wanted)
    {
        var settings = new AwsSettings(
            name => name switch { "IAC_CI_ORCHESTRATE_LAMBDA" => named, "IAC_CI_ORDERS_TABLE" => table, _ => null });
        await Assert.That(settings.OrchestrateLambda).IsEqualTo(wanted);
    }

    [Test]
    [Arguments("table")]
    [Arguments("-orders")]
    [Arguments(null)]
    public async Task An_orchestrate_function_that_nothing_names_is_asked_for(string? table)
    {
        var settings = new AwsSettings(name => name == "IAC_CI_ORDERS_TABLE" ? table : null);
        var missing = await Assert.That(() => settings.OrchestrateLambda).Throws<UserException>();
        await Assert.That(missing!.Message).Contains("IAC_CI_ORCHESTRATE_LAMBDA is not set").And.Contains("shell_environment");
    }

    [Test]
    public async Task An_endpoint_that_is_no_url_is_named()
    {
        using var clients = new AwsClients(
            name => name switch { "AWS_REGION" => "us-east-1", "AWS_ENDPOINT_URL_S3" => "localhost:9000", _ => null });
        var wrong = await Assert.That(() => clients.S3).Throws<UserException>();
        await Assert.That(wrong!.Message).Contains("AWS_ENDPOINT_URL_S3");
    }

    [Test]
    public async Task Without_an_endpoint_a_service_is_called_at_its_own_in_the_region()
    {
        using var clients = new AwsClients(name => name == "AWS_REGION" ? "cn-north-1" : null);
        await Assert.That(
            clients.CodeBuild.Config.DetermineServiceOperationEndpoint(new(new GetParameterRequest())).URL)
            .IsEqualTo("https://codebuild.cn-north-1.amazonaws.com.cn");
        await Assert.That(
            clients.StepFunctions.Config.DetermineServiceOperationEndpoint(new(new GetParameterRequest())).URL)
            .IsEqualTo("https://states.cn-north-1.amazonaws.com.cn");
    }

    [Test]
    public async Task A_missing_bucket_is_named_with_its_variable()
    {
        var missing = await Assert.That(async () => await aws.Objects("no-such-bucket").CreateAsync("k", "x"u8.ToArray(), None))
            .Throws<UserException>();
        await Assert.That(missing!.Message).IsEqualTo(
            "the S3 bucket no-such-bucket (IAC_CI_INTERNAL_BUCKET) does not exist in this account and region: create it, or correct its " +
                "name");
        await Assert.That(async () => await aws.Objects("no-such-bucket").GetAsync("k", 1, None)).Throws<UserException>();
    }

    [Test]
    public async Task Refused_credentials_are_told_with_what_they_were_for()
    {
        var call = new AwsCall("the S3 bucket b", "s3:PutObject");
        var expired = new Amazon.Runtime.AmazonServiceException(
            "old", Amazon.Runtime.ErrorType.Sender, "ExpiredToken", "r", System.Net.HttpStatusCode.BadRequest);
        await Assert.That(AwsErrors.Explain(expired, call, None)!.Message).IsEqualTo(
            "AWS does not accept the credentials for the S3 bucket b (ExpiredToken: old): renew them, or correct them");
    }

    [Test]
    public async Task Locations_of_objects_are_read_and_others_refused()
    {
        await Assert.That(S3Location.TryParse("s3://b/a/c.zip", out var location)).IsTrue();
        await Assert.That(location).IsEqualTo(new S3Location("b", "a/c.zip"));
        foreach (var wrong in new[] { null, "", "b/a", "s3://", "s3://b", "s3://b/", "s3:///k", "https://b/k" })
        {
            await Assert.That(S3Location.TryParse(wrong, out _)).IsFalse();
        }
    }
}
