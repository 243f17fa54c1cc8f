using System.Text.Json;
using IacCi.Core.Jobs;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>What came of reading a file: what it holds, if it is valid, and what is to be said of it.</summary>
/// <param name="Things">What it holds: <c>order</c>, <c>pattern</c>.</param>
/// <param name="Count">How many of them; null when it is not valid.</param>
/// <param name="Errors">What is wrong with it.</param>
/// <param name="Warnings">What is allowed and probably not meant.</param>
internal sealed record Verdict(string Things, int? Count, IReadOnlyList<JobError> Errors, IReadOnlyList<JobError> Warnings)
{
    public bool IsValid => Count is not null;

    public static implicit operator Verdict(JobReading reading) =>
        new("order", reading.Job?.Orders.Count, reading.Errors, reading.Warnings);

    public static implicit operator Verdict(RepositoryReading reading) =>
        new("pattern", reading.Configuration?.Projects.Count, reading.Errors, reading.Warnings);
}

/// <summary>What came of reading a job, or a repository's configuration, for people and for scripts.</summary>
internal static class ReadingText
{
    /// <summary>A line for each warning: <c>job.yaml:12: warning: orders[0].cmds[0]: ...</c>.</summary>
    public static IEnumerable<string> Warnings(Verdict verdict, string fileName) =>
        verdict.Warnings.Select(warning => (warning with { Path = $"warning: {warning.Path}" }).ToString(fileName));

    /// <summary><c>job.yaml: valid: 4 orders</c>, or a line for each error.</summary>
    public static string Plain(Verdict verdict, string fileName) => verdict.Count is { } count
        ? $"{fileName}: valid: {Plural.Of(count, verdict.Things)}"
        : string.Join('\n', verdict.Errors.Select(error => error.ToString(fileName)));

    /// <summary>
    /// One object: <c>valid</c>, <c>orders</c> or <c>patterns</c> (their number), <c>errors</c> and <c>warnings</c> (each with path, line,
    /// column, message).
    /// </summary>
    public static string Json(Verdict verdict) => JsonText.ObjectText(writer =>
    {
        writer.WriteBoolean("valid", verdict.IsValid);
        if (verdict.Count is { } count)
        {
            writer.WriteNumber(verdict.Things + "s", count);
        }

        Write(writer, "errors", verdict.Errors);
        Write(writer, "warnings", verdict.Warnings);
    });

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<JobError> found)
    {
        writer.WriteStartArray(name);
        foreach (var one in found)
        {
            Write(writer, one);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, JobError error)
    {
        writer.WriteStartObject();
        writer.WriteString("path", error.Path);
        WriteNumber(writer, "line", error.Line);
        WriteNumber(writer, "column", error.Column);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
