using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.AspNetCore.WebUtilities;

namespace IacCi.Emulated.Front;

/// <summary>What a call is, as AWS names it.</summary>
internal static class OperationNames
{
    /// <summary>A longer body is not read for the name of what it is about.</summary>
    private const int MaxBodyForResource = 256 * 1024;

    private static readonly string[] ResourceFields =
        ["TableName", "projectName", "Name", "SecretId", "stateMachineArn", "QueueName", "QueueUrl"];

    public static (string Operation, string Resource) Of(AwsRequest request, string service)
    {
        var target = request.Headers["X-Amz-Target"].ToString();
        if (target.Length > 0)
        {
            return (target[(target.LastIndexOf('.') + 1)..], JsonResource(request.Body));
        }

        if (service == "s3")
        {
            return S3(request);
        }

        return service == "lambda"
            ? Lambda(request)
            : (Form(request, "Action") ?? $"{request.Method} {request.Path}", RoleName(Form(request, "RoleArn")));
    }

    /// <summary>
    /// The steps that DynamoDB asks a permission for, each, and the objects that S3 is to remove; of any other call, the call itself.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html</remarks>
    public static IReadOnlyList<CallStep> StepsOf(string operation, string resource, byte[] body)
    {
        if (operation == "DeleteObjects")
        {
            return [.. XDocument.Parse(Encoding.UTF8.GetString(body)).Descendants()
                .Where(element => element.Name.LocalName == "Key")
                .Select(key => new CallStep("DeleteObject", $"{resource.TrimEnd('/')}/{key.Value}"))];
        }

        if (operation is "GetParameters" or "BatchGetSecretValue")
        {
            return OfSecrets(operation, body);
        }

        if (operation is not ("TransactWriteItems" or "BatchGetItem"))
        {
            return [new CallStep(operation, resource)];
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return operation == "BatchGetItem"
                ? [.. json.RootElement.GetProperty("RequestItems").EnumerateObject().Select(table => new CallStep(operation, table.Name))]
                : [.. from item in json.RootElement.GetProperty("TransactItems").EnumerateArray()
                      from step in item.EnumerateObject()
                      select new CallStep(
                          step.Name == "ConditionCheck" ? "ConditionCheckItem" : step.Name + "Item",
                          step.Value.GetProperty("TableName").GetString()!)];
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [new CallStep(operation, resource)]; // moto will refuse it
        }
    }

    /// <summary>Reading many secrets takes a permission of its own, and that for each of them.</summary>
    private static IReadOnlyList<CallStep> OfSecrets(string operation, byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return operation == "GetParameters"
            ? [.. json.RootElement.GetProperty("Names").EnumerateArray().Select(name => new CallStep(operation, name.GetString()!))]
            : [new CallStep(operation, "*"), .. json.RootElement.GetProperty("SecretIdList").EnumerateArray()
                .Select(name => new CallStep("GetSecretValue", name.GetString()!))];
    }

    private static string RoleName(string? arn) => arn?[(arn.LastIndexOf('/') + 1)..] ?? "";

    private static string? Form(AwsRequest request, string name) =>
        request.Headers.ContentType.ToString().StartsWith("application/x-www-form-urlencoded", StringComparison.Ordinal)
            ? QueryHelpers.ParseQuery(Encoding.UTF8.GetString(request.Body)).GetValueOrDefault(name).FirstOrDefault()
            : null;

    private static string JsonResource(byte[] body)
    {
        if (body.Length is 0 or > MaxBodyForResource)
        {
            return "";
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return ResourceFields
                .Select(f => json.RootElement.TryGetProperty(f, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null)
                .FirstOrDefault(v => v is not null) ?? "";
        }
        catch (JsonException)
        {
            return ""; // moto will refuse it
        }
    }

    private static (string, string) Lambda(AwsRequest request)
    {
        var parts = request.Path.Trim('/').Split('/');
        var name = parts is [_, "functions", var n, ..] ? FunctionName(Uri.UnescapeDataString(n)) : "";
        return (parts, request.Method) switch
        {
            ([_, "functions", _, "invocations"], _) => ("Invoke", name),
            ([_, "functions", _, "invoke-async"], _) => ("InvokeAsync", name),
            ([_, "functions"], "POST") => ("CreateFunction", name),
            ([_, "functions", _], "GET") => ("GetFunction", name),
            ([_, "functions", _], "DELETE") => ("DeleteFunction", name),
            ([_, "functions", _, "configuration"], "PUT") => ("UpdateFunctionConfiguration", name),
            ([_, "functions", _, "code"], "PUT") => ("UpdateFunctionCode", name),
            _ => ($"{request.Method} {request.Path}", name),
        };
    }

    /// <summary>The name in a name, a partial or whole ARN, with or without a qualifier.</summary>
    public static string FunctionName(string reference)
    {
        var parts = reference.Split(':');
        var at = Array.IndexOf(parts, "function");
        return at >= 0 && at + 1 < parts.Length ? parts[at + 1] : parts[0];
    }

    private static (string, string) S3(AwsRequest request)
    {
        var path = Uri.UnescapeDataString(request.Path.TrimStart('/'));
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var inBucket = slash > 0 && slash < path.Length - 1;
        return (inBucket ? S3Object(request) : S3Bucket(request), path);
    }

    private static string S3Object(AwsRequest request) => request.Method switch
    {
        "PUT" when request.Headers.ContainsKey("x-amz-copy-source") => "CopyObject",
        "PUT" when request.Query.ContainsKey("partNumber") => "UploadPart",
        "PUT" when request.Query.ContainsKey("tagging") => "PutObjectTagging",
        "PUT" => "PutObject",
        "GET" when request.Query.ContainsKey("tagging") => "GetObjectTagging",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "DELETE" when request.Query.ContainsKey("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        "POST" when request.Query.ContainsKey("uploads") => "CreateMultipartUpload",
        "POST" when request.Query.ContainsKey("uploadId") => "CompleteMultipartUpload",
        _ => $"{request.Method} object",
    };

    private static string S3Bucket(AwsRequest request)
    {
        // A sub-resource is a query member without a value: ?notification, ?lifecycle, ...
        var sub = request.Query.Keys.FirstOrDefault(k => request.Query[k].ToString().Length == 0);
        return (request.Method, sub) switch
        {
            ("GET", _) when request.Query["list-type"] == "2" => "ListObjectsV2",
            ("POST", "delete") => "DeleteObjects",
            ("PUT", null) => "CreateBucket",
            ("HEAD", _) => "HeadBucket",
            ("DELETE", null) => "DeleteBucket",
            ("GET", null) => request.Path.Length > 1 ? "ListObjects" : "ListBuckets",
            (var method, var name) => $"{method} bucket {name}",
        };
    }
}
