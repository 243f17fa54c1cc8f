using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// Signs URLs with which somebody without credentials may create one object, once: <c>If-None-Match: *</c> is part of the signature, so an
/// upload without it is refused (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
/// </summary>
/// <param name="client">The client.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="clock">The time.</param>
internal sealed class UploadSigner(IAmazonS3 client, string bucket, TimeProvider clock)
{
    /// <summary>The header that belongs to each upload.</summary>
    public const string ConditionHeader = "If-None-Match";

    /// <summary>The header's value: there must not be an object yet.</summary>
    public const string Condition = "*";

    /// <summary>Signs the creation of an object. No call is made, unless credentials have to be fetched.</summary>
    /// <param name="key">The object.</param>
    /// <param name="lifetime">How long the URL is good; never longer than the credentials that sign it.</param>
    /// <exception cref="Text.UserException">There are no credentials.</exception>
    public async ValueTask<string> SignAsync(string key, TimeSpan lifetime)
    {
        var request = new GetPreSignedUrlRequest
        {
            BucketName = bucket,
            Key = key,
            Verb = HttpVerb.PUT,
            Expires = (clock.GetUtcNow() + lifetime).UtcDateTime,
            Protocol = client.Config.ServiceURL?.StartsWith("http://", StringComparison.Ordinal) == true ? Protocol.HTTP : Protocol.HTTPS,
        };
        request.Headers[ConditionHeader] = Condition;
        try
        {
            return await client.GetPreSignedURLAsync(request);
        }
        catch (AmazonClientException failure) when (
            AwsErrors.Explain(failure, new AwsCall($"the S3 bucket {bucket}", "s3:PutObject"), default) is { } explained)
        {
            throw explained;
        }
    }
}
