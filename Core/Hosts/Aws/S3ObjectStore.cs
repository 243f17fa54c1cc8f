using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// One S3 bucket. Reads see every write (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel). A creation
/// whose first answer was lost, and which the SDK repeats, answers false: the object is there, and who wrote it is for its content to say.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="bucket">The bucket's name.</param>
/// <param name="named">What names the bucket, for messages: a variable, or a location in a job.</param>
/// <param name="clock">The clock of pauses.</param>
/// <param name="randomBytes">Spreads the pauses.</param>
internal sealed class S3ObjectStore(
    IAmazonS3 client, string bucket, string named, TimeProvider clock, Func<int, byte[]> randomBytes) : IObjectStore
{
    /// <summary>The most objects that S3 removes with one call.</summary>
    private const int MaxDeletes = 1_000;

    /// <summary>How often a creation is tried that meets another one of the same key.</summary>
    private const int MaxConflicts = 6;

    /// <summary>The most pages of a listing; a page has 1,000 keys.</summary>
    private const int MaxPages = 1_000;

    /// <summary>
    /// Whether KMS encrypts what is written, with AWS's own key of the account: then S3 hands it only to whoever may use S3 in the account,
    /// and each reading is on record. A bucket key keeps the number of calls to KMS small.
    /// </summary>
    public bool IsEncryptedByKms { get; init; }

    private string What => $"the S3 bucket {bucket} ({named})";

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        (await ReadAsync(key, maxBytes, cancellationToken))?.Content;

    /// <inheritdoc/>
    public async ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key }, cancellationToken);
            if (answer.ContentLength > maxBytes)
            {
                throw new ObjectTooLargeException(key, maxBytes);
            }

            var content = new byte[answer.ContentLength];
            await answer.ResponseStream.ReadExactlyAsync(content, cancellationToken);
            return new StoredObject(content, answer.LastModified is { } at
                ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero)
                : null);
        }
        catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchKey")
        {
            return null;
        }
        catch (Exception failure) when (Explain(failure, "s3:GetObject and s3:ListBucket", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key }, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
        catch (Exception failure) when (Explain(failure, "s3:GetObject and s3:ListBucket", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The object goes to a temporary file that has no name any more when it is open.</remarks>
    public async ValueTask<Stream?> OpenAsync(string key, long maxBytes, CancellationToken cancellationToken)
    {
        FileStream? file = null;
        try
        {
            using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key }, cancellationToken);
            if (answer.ContentLength > maxBytes)
            {
                throw new ObjectTooLargeException(key, maxBytes);
            }

            file = TemporaryFile.Create(randomBytes);
            await answer.ResponseStream.CopyToAsync(file, cancellationToken);
            file.Position = 0;
            return file;
        }
        catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchKey")
        {
            return null;
        }
        catch (Exception failure) when (Explain(failure, "s3:GetObject and s3:ListBucket", cancellationToken) is { } explained)
        {
            file?.Dispose();
            throw explained;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        CreateAsync(key, () => Reading(content), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> CreateFromFileAsync(string key, string file, CancellationToken cancellationToken) =>
        CreateAsync(key, () => File.OpenRead(file), cancellationToken);

    private async ValueTask<bool> CreateAsync(string key, Func<Stream> open, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var content = open();
                await WriteAsync(key, content, "*", cancellationToken);
                return true;
            }
            catch (AmazonS3Exception taken) when (taken.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
            catch (AmazonS3Exception conflict) when (conflict.StatusCode == HttpStatusCode.Conflict && attempt < MaxConflicts)
            {
                // Another creation of the key is under way, and S3 does not say yet which one stands.
                await Task.Delay(Backoff.After(attempt, randomBytes), clock, cancellationToken);
            }
            catch (Exception failure) when (Explain(failure, "s3:PutObject", cancellationToken) is { } explained)
            {
                throw explained;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = Reading(content);
            await WriteAsync(key, stream, null, cancellationToken);
        }
        catch (Exception failure) when (Explain(failure, "s3:PutObject", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>Removes objects, a thousand with each call. Removing one that is gone is success.</summary>
    public async ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var chunk in keys.Chunk(MaxDeletes))
            {
                var request = new DeleteObjectsRequest
                {
                    BucketName = bucket,
                    Objects = [.. chunk.Select(key => new KeyVersion { Key = key })],
                    Quiet = true,
                };
                await client.DeleteObjectsAsync(request, cancellationToken);
            }
        }
        catch (DeleteObjectsException partly)
        {
            var refused = partly.Response.DeleteErrors[0];
            throw new StoreUnavailableException(
                $"{What}: {refused.Key} is not removed: {refused.Code}; allow s3:DeleteObject, or try again");
        }
        catch (Exception failure) when (Explain(failure, "s3:DeleteObject", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        for (var page = 0; page < MaxPages; page++)
        {
            var answer = await PageAsync(prefix, next, cancellationToken);
            foreach (var found in answer.S3Objects ?? [])
            {
                yield return found.Key;
            }

            next = answer.NextContinuationToken;
            if (answer.IsTruncated != true || next is null)
            {
                yield break;
            }
        }

        throw new UserException(
            $"{What} has more than {MaxPages:N0} pages of objects under {prefix}; remove some, or let its lifecycle rule do it");
    }

    private async ValueTask<ListObjectsV2Response> PageAsync(string prefix, string? next, CancellationToken cancellationToken)
    {
        try
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ContinuationToken = next };
            return await client.ListObjectsV2Async(request, cancellationToken);
        }
        catch (Exception failure) when (Explain(failure, "s3:ListBucket", cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    private static MemoryStream Reading(ReadOnlyMemory<byte> content)
    {
        var bytes = MemoryMarshal.TryGetArray(content, out var array) ? array : new ArraySegment<byte>(content.ToArray());
        return new MemoryStream(bytes.Array ?? [], bytes.Offset, bytes.Count, writable: false);
    }

    private async ValueTask WriteAsync(string key, Stream content, string? ifNoneMatch, CancellationToken cancellationToken)
    {
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = key,
            InputStream = content,
            IfNoneMatch = ifNoneMatch,
            UseChunkEncoding = false,
            AutoCloseStream = false,
        };
        if (IsEncryptedByKms)
        {
            (request.ServerSideEncryptionMethod, request.BucketKeyEnabled) = (ServerSideEncryptionMethod.AWSKMS, true);
        }

        await client.PutObjectAsync(request, cancellationToken);
    }

    private Exception? Explain(Exception failure, string permission, CancellationToken cancellationToken) =>
        AwsErrors.Explain(failure, new AwsCall(What, permission), cancellationToken);
}
