using System.CommandLine;
using IacCi.Core.Jobs;

namespace IacCi.Commands;

/// <summary>The argument JOB of several commands: a file, or <c>-</c> for what comes in.</summary>
internal static class JobFile
{
    /// <summary>The argument.</summary>
    public static Argument<string> Argument() =>
        Kinds.Path.Argument<string>("JOB", "The job, JSON or YAML; - reads it from standard input.");

    /// <summary>The name that messages show.</summary>
    public static string NameOf(string job) => job == InputFile.StandardInput ? "stdin" : job;

    /// <summary>The content, not more of it than a job may have and one byte, by which the reader sees that it is too big.</summary>
    /// <exception cref="Core.Text.UserException">The file cannot be read.</exception>
    public static Task<ReadOnlyMemory<byte>> ReadAsync(string job, CancellationToken cancellationToken) =>
        InputFile.ReadAsync("the job", job, JobLimits.MaxFileBytes + 1, cancellationToken);
}
