using System.Security.Cryptography;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs;

/// <summary>
/// Writes a job in its one canonical form: compact JSON, fields in the order of the schema, variables by name, what has its default left
/// out. Two files that mean the same come to the same bytes, and <see cref="JobReader"/> reads them back to the same job.
/// </summary>
internal static class JobWriter
{
    /// <summary>The job as canonical JSON, UTF-8. It holds the values of <c>env_vars</c>: keep it as you keep those.</summary>
    public static ReadOnlyMemory<byte> Write(Job job) =>
        JsonText.Bytes(writer => JobFields.Table.Write(writer, job), JsonText.Relaxed);
}

/// <summary>Tells whether two jobs are the same.</summary>
internal static class JobDigest
{
    /// <summary>
    /// SHA-256 of the job's canonical form, 64 lower-case hex digits: the same for JSON and YAML, for any order of keys and layout.
    /// </summary>
    public static string Of(Job job) => Convert.ToHexStringLower(SHA256.HashData(JobWriter.Write(job).Span));
}
