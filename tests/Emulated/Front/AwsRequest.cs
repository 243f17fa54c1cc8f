using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IacCi.Emulated.Front;

/// <summary>A call as it came in, with what it is.</summary>
internal sealed record AwsRequest
{
    private const string SigV4 = "AWS4-HMAC-SHA256 Credential=";

    public required string Method { get; init; }

    /// <summary>Path and query, untouched.</summary>
    public required string Target { get; init; }

    public required string Path { get; init; }

    public required IQueryCollection Query { get; init; }

    public required IHeaderDictionary Headers { get; init; }

    public required byte[] Body { get; init; }

    public string Service { get; private init; } = "";

    public string Operation { get; private init; } = "";

    public string Resource { get; private init; } = "";

    public IReadOnlyList<CallStep> Steps { get; private init; } = [];

    public string AccessKey { get; private init; } = "";

    public string Region { get; private init; } = "";

    public bool Presigned { get; private init; }

    public static async Task<AwsRequest> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var request = new AwsRequest
        {
            Method = context.Request.Method,
            Target = target,
            Path = target.Split('?')[0],
            Query = context.Request.Query,
            Headers = context.Request.Headers,
            Body = body.ToArray(),
        };
        return request.Named();
    }

    private AwsRequest Named()
    {
        var (key, region, service, presigned) = Signature();
        var (operation, resource) = OperationNames.Of(this, service);
        var steps = OperationNames.StepsOf(operation, resource, Body);
        return this with
        {
            AccessKey = key,
            Region = region,
            Service = service,
            Presigned = presigned,
            Operation = operation,
            Resource = resource,
            Steps = steps
        };
    }

    private (string Key, string Region, string Service, bool Presigned) Signature()
    {
        var header = Headers.Authorization.ToString();
        var presigned = Query["X-Amz-Credential"].ToString();
        var scope = header.StartsWith(SigV4, StringComparison.Ordinal) ? header[SigV4.Length..].Split(',')[0] : presigned;

        // key/date/region/service/aws4_request
        return scope.Split('/') is [var key, _, var region, var service, _]
            ? (key, region, service, presigned.Length > 0)
            : ("", "", "s3", false);
    }
}
