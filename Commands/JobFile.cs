using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;

namespace IacCi.Commands;

/// <summary>The argument JOB of several commands: a file, or <c>-</c> for what comes in.</summary>
internal static class JobFile
{
    /// <summary>The argument.</summary>
    public static Argument<string> Argument() => new("JOB") { Description = "The job, JSON or YAML; - reads it from standard input." };

    /// <summary>The name that messages show.</summary>
    public static string NameOf(string job) => job == "-" ? "stdin" : job;

    /// <summary>The content, not more of it than a job may have and one byte, by which the reader sees that it is too big.</summary>
    /// <exception cref="UserException">The file cannot be read.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string job, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = job == "-" ? Console.OpenStandardInput() : new FileStream(job, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, useAsync: false);

            // A read of the terminal cannot be called off; it is left behind.
            return await ReadAsync(stream, JobLimits.MaxFileBytes + 1, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UserException($"cannot read the job {job}: {wrong.Message}", ExitCode.Invalid, wrong);
        }
    }

    /// <summary>What a stream holds, at most so many bytes of it.</summary>
    internal static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[81_920];
        while (content.Length < most)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - content.Length)), cancellationToken);
            if (read == 0)
            {
                break;
            }

            content.Write(buffer, 0, read);
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }
}
