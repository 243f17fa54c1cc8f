using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs;

/// <summary>How a job is written down.</summary>
internal enum JobFormat
{
    /// <summary>RFC 8259, in UTF-8; no comments, no trailing commas, no duplicate keys.</summary>
    Json,

    /// <summary>YAML 1.2, in UTF-8: one document, with its core schema's scalars; no duplicate keys.</summary>
    Yaml,
}

/// <summary>Where a job is going to run: some rules are one place's alone.</summary>
internal enum JobContext
{
    /// <summary>On one machine.</summary>
    Local,

    /// <summary>On AWS.</summary>
    Aws,
}

/// <summary>What is wrong with a job, where, and what to do about it. It never holds a value of <c>env_vars</c>.</summary>
/// <param name="Path">The field, for example <c>orders[3].dependencies[0]</c>; empty for the job as a whole.</param>
/// <param name="Line">Its line, 1-based; null when it has none.</param>
/// <param name="Column">Its column in characters, 1-based; null when it has none.</param>
/// <param name="Message">The problem and the remedy.</param>
internal sealed record JobError(string Path, int? Line, int? Column, string Message)
{
    /// <summary>One line for a person: <c>job.yaml:12: orders[3].timeout: ...</c>.</summary>
    /// <param name="fileName">The file the job came from, or null.</param>
    public string ToString(string? fileName)
    {
        var place = (fileName, Line) switch
        {
            (null, null) => "",
            (null, { } line) => string.Create(CultureInfo.InvariantCulture, $"line {line}: "),
            (_, null) => fileName + ": ",
            (_, { } line) => string.Create(CultureInfo.InvariantCulture, $"{fileName}:{line}: "),
        };
        return place + (Path.Length == 0 ? Message : $"{Path}: {Message}");
    }

    /// <inheritdoc/>
    public override string ToString() => ToString(null);
}

/// <summary>What came of reading a job: the job, or everything that is wrong with it.</summary>
internal sealed record JobReading
{
    private JobReading(Job? job, IReadOnlyList<JobError> errors, IReadOnlyList<JobError> warnings) =>
        (Job, Errors, Warnings) = (job, errors, warnings);

    /// <summary>The job; null when anything is wrong with it.</summary>
    public Job? Job { get; }

    /// <summary>What is wrong with it, in the order of the file; empty when there is a job.</summary>
    public IReadOnlyList<JobError> Errors { get; }

    /// <summary>What is allowed and probably not meant, in the order of the file.</summary>
    public IReadOnlyList<JobError> Warnings { get; }

    /// <summary>Whether there is a job.</summary>
    [MemberNotNullWhen(true, nameof(Job))]
    public bool IsValid => Job is not null;

    /// <summary>A job that keeps the rules.</summary>
    public static JobReading Of(Job job, IReadOnlyList<JobError>? warnings = null) => new(job, [], warnings ?? []);

    /// <summary>No job.</summary>
    public static JobReading Refused(IReadOnlyList<JobError> errors, IReadOnlyList<JobError>? warnings = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(errors.Count);
        return new JobReading(null, errors, warnings ?? []);
    }

    /// <summary>The job.</summary>
    /// <exception cref="UserException">There is none; the message names everything that is wrong, a line each.</exception>
    public Job OrThrow(string? fileName) =>
        Job ?? throw new UserException(string.Join('\n', Errors.Select(error => error.ToString(fileName))));
}
