using System.Text.Json.Serialization;
using IacCi.Core.Runs;

namespace IacCi.Core.Local;

/// <summary>A job as it is kept, encrypted, while its intake is under way.</summary>
/// <param name="Source">The source folder.</param>
/// <param name="BaseFolder">What relative paths in it start from.</param>
/// <param name="JobBase64">The job as canonical JSON.</param>
internal sealed record KeptJob(string Source, string BaseFolder, string JobBase64)
{
    /// <summary>Where it stands.</summary>
    public static string Key(RunId run) => $"{RunKeys.ExecRoot}{run}/job.age";
}

/// <summary>The JSON of kept jobs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(KeptJob))]
internal sealed partial class KeptJobJson : JsonSerializerContext;
