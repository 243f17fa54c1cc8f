using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace IacCi.Emulated.Front;

/// <summary>An answer, whole.</summary>
internal sealed record AwsAnswer(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public static AwsAnswer Json(int status, JsonNode? body, params IEnumerable<KeyValuePair<string, string>> headers) =>
        new(status, [new("Content-Type", "application/json"), .. headers], Encoding.UTF8.GetBytes(body?.ToJsonString() ?? ""));

    public static AwsAnswer Error(int status, string type, string message) =>
        Json(
            status,
            new JsonObject { ["__type"] = type, ["message"] = message },
            new KeyValuePair<string, string>("x-amzn-ErrorType", type));

    /// <summary>An error as the service in question words it.</summary>
    public static AwsAnswer ErrorOf(string service, bool throttled) => service switch
    {
        "s3" =>
            throttled
                ? Xml(503, "SlowDown", "Please reduce your request rate.")
                : Xml(500, "InternalError", "We encountered an internal error. Please try again."),
        "dynamodb" => throttled
            ? Error(
                400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.")
            : Error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "Internal server error"),
        "lambda" => throttled
            ? Error(429, "TooManyRequestsException", "Rate Exceeded.")
            : Error(500, "ServiceException", "Internal error"),
        _ => throttled ? Error(400, "ThrottlingException", "Rate exceeded") : Error(500, "InternalFailure", "Internal failure"),
    };

    /// <summary>As IAM refuses.</summary>
    public static AwsAnswer Denial(string service, string problem) => service is "s3" or "sts"
        ? Xml(403, "AccessDenied", problem)
        : Error(400, "AccessDeniedException", problem);

    /// <summary>The text of an element of an answer in XML; null when there is none.</summary>
    public static string? TextOf(AwsAnswer answer, string element) => answer.Status == 200
        ? XDocument.Parse(Encoding.UTF8.GetString(answer.Body)).Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value
        : null;

    public static AwsAnswer Xml(int status, string code, string message) =>
        new(status, [new("Content-Type", "application/xml")], Encoding.UTF8.GetBytes(
            $"<?xml version=\"1.0\" " +
                $"encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>EMULATED</RequestId></Error>"));

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        foreach (var (name, value) in Headers)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.Append(name, value);
            }
        }

        if (!response.Headers.ContainsKey("x-amzn-RequestId"))
        {
            response.Headers["x-amzn-RequestId"] = context.TraceIdentifier;
        }

        var mayHaveBody = Status is not (204 or 304) && context.Request.Method != "HEAD";
        var declared = Headers.FirstOrDefault(h => h.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
        if (context.Request.Method == "HEAD" && declared is not null)
        {
            response.ContentLength = long.Parse(declared, CultureInfo.InvariantCulture);
        }
        else if (mayHaveBody)
        {
            response.ContentLength = Body.Length;
            await response.Body.WriteAsync(Body);
        }
    }
}
