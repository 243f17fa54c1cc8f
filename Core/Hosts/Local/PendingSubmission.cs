using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Hosts.Local;

/// <summary>A job as it is kept, encrypted, while its intake is under way.</summary>
/// <param name="Source">The source folder.</param>
/// <param name="BaseFolder">What relative paths in it start from.</param>
/// <param name="JobBase64">The job as canonical JSON.</param>
internal sealed record PendingSubmission(string Source, string BaseFolder, string JobBase64)
{
    /// <summary>Where it stands.</summary>
    public static string Key(RunId run) => $"{RunKeys.ExecRoot}{run}/job.age";
}

/// <summary>Keeps jobs among the objects, each encrypted to its run.</summary>
/// <param name="objects">The objects.</param>
/// <param name="identityOf">Gives the identity of a run, or null when it is gone.</param>
internal sealed class PendingSubmissions(FolderObjectStore objects, Func<RunId, AgeIdentity?> identityOf) : IPendingSubmissions
{
    private readonly ConcurrentDictionary<RunId, PendingSubmission> begun = new();

    /// <inheritdoc/>
    public void Begin(RunId run, PendingSubmission submission) => begun[run] = submission;

    /// <inheritdoc/>
    public void End(RunId run) => begun.TryRemove(run, out _);

    /// <summary>Keeps the submission of a run whose key has just been made: a crash before its intake is finished loses nothing.</summary>
    public void Keep(RunId run, AgeRecipient recipient)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(begun[run], PendingSubmissionJson.Default.PendingSubmission);
        objects.Create(PendingSubmission.Key(run), AgeFile.Encrypt(plain, [recipient], armor: false));
    }

    /// <inheritdoc/>
    public async ValueTask<PendingSubmission?> FindAsync(RunId run, CancellationToken cancellationToken) =>
        identityOf(run) is { } identity
            && await objects.GetAsync(PendingSubmission.Key(run), JobLimits.MaxFileBytes * 2, cancellationToken) is { } kept
            ? JsonSerializer.Deserialize(AgeFile.Decrypt(kept, [identity]), PendingSubmissionJson.Default.PendingSubmission)
            : null;
}

/// <summary>The JSON of kept jobs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PendingSubmission))]
internal sealed partial class PendingSubmissionJson : JsonSerializerContext;
