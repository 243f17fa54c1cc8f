using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>Signs URLs with which somebody without credentials may read one object, or create one. No call is made for it.</summary>
/// <param name="client">The client.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="clock">The time.</param>
internal sealed class UrlSigner(IAmazonS3 client, string bucket, TimeProvider clock)
{
    /// <summary>The header that belongs to each creation.</summary>
    public const string ConditionHeader = "If-None-Match";

    /// <summary>The header's value: there must not be an object yet.</summary>
    public const string Condition = "*";

    /// <summary>Signs the reading of an object.</summary>
    /// <param name="key">The object.</param>
    /// <param name="lifetime">How long the URL is good; never longer than the credentials that sign it.</param>
    /// <exception cref="Text.UserException">There are no credentials.</exception>
    public ValueTask<string> ToReadAsync(string key, TimeSpan lifetime) =>
        SignAsync(NewRequest(key, HttpVerb.GET, lifetime), "s3:GetObject");

    /// <summary>
    /// Signs the creation of an object, once: <c>If-None-Match: *</c> is part of the signature, so an upload without it is refused
    /// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
    /// </summary>
    /// <param name="key">The object.</param>
    /// <param name="lifetime">How long the URL is good; never longer than the credentials that sign it.</param>
    /// <exception cref="Text.UserException">There are no credentials.</exception>
    public ValueTask<string> ToCreateAsync(string key, TimeSpan lifetime)
    {
        var request = NewRequest(key, HttpVerb.PUT, lifetime);
        request.Headers[ConditionHeader] = Condition;
        return SignAsync(request, "s3:PutObject");
    }

    private GetPreSignedUrlRequest NewRequest(string key, HttpVerb verb, TimeSpan lifetime) => new()
    {
        BucketName = bucket,
        Key = key,
        Verb = verb,
        Expires = (clock.GetUtcNow() + lifetime).UtcDateTime,
        Protocol = client.Config.ServiceURL?.StartsWith("http://", StringComparison.Ordinal) == true ? Protocol.HTTP : Protocol.HTTPS,
    };

    private async ValueTask<string> SignAsync(GetPreSignedUrlRequest request, string permission)
    {
        try
        {
            return await client.GetPreSignedURLAsync(request);
        }
        catch (AmazonClientException failure) when (
            AwsErrors.Explain(failure, new AwsCall($"the S3 bucket {bucket}", permission), default) is { } explained)
        {
            throw explained;
        }
    }
}
