using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IacCi.Emulated.Processes;

namespace IacCi.Emulated.Front;

/// <summary>Refuses a presigned URL that S3 would refuse. moto believes any.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html</remarks>
internal static class PresignedUrls
{
    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Null when it is good.</summary>
    /// <param name="request">A call with its signature in the query.</param>
    /// <param name="known">Whether the key was issued here, so that its secret is known.</param>
    /// <param name="now">The time.</param>
    public static AwsAnswer? Refusal(AwsRequest request, bool known, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParseExact(request.Query["X-Amz-Date"], DateFormat, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var signed) ||
            !int.TryParse(request.Query["X-Amz-Expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                || seconds > 604_800)
        {
            return AwsAnswer.Xml(
                400, "AuthorizationQueryParametersError", "X-Amz-Date and X-Amz-Expires are needed, the latter at most a week.");
        }

        if (now > signed.AddSeconds(seconds))
        {
            return AwsAnswer.Xml(403, "AccessDenied", "Request has expired");
        }

        return !known || Signature(request) == request.Query["X-Amz-Signature"]
            ? null
            : AwsAnswer.Xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.");
    }

    private static string Signature(AwsRequest request)
    {
        var scope = request.Query["X-Amz-Credential"].ToString().Split('/', 2)[1];
        var canonical = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(request))));
        var toSign = $"AWS4-HMAC-SHA256\n{request.Query["X-Amz-Date"]}\n{scope}\n{canonical}";
        var key = Encoding.UTF8.GetBytes("AWS4" + Principals.SecretOf(request.AccessKey));
        key = scope.Split('/').Aggregate(key, (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }

    private static string Canonical(AwsRequest request)
    {
        var names = request.Query["X-Amz-SignedHeaders"].ToString().Split(';');
        var headers = string.Concat(names.Select(n => $"{n}:{request.Headers[n].ToString().Trim()}\n"));
        var query = request.Target[(request.Target.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&')
            .Where(p => !p.StartsWith("X-Amz-Signature=", StringComparison.Ordinal))
            .Select(p => p.Contains('=', StringComparison.Ordinal) ? p : p + "=")
            .OrderBy(p => p.Split('=')[0], StringComparer.Ordinal).ThenBy(p => p, StringComparer.Ordinal);
        return $"{request.Method}\n{request.Path}\n{string.Join('&', query)}\n{headers}\n{string.Join(';', names)}\nUNSIGNED-PAYLOAD";
    }
}
