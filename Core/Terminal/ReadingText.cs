using System.Text.Json;
using IacCi.Core.Jobs;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>What came of reading a job, for people and for scripts.</summary>
internal static class ReadingText
{
    /// <summary>A line for each warning: <c>job.yaml:12: warning: orders[0].cmds[0]: ...</c>.</summary>
    public static IEnumerable<string> Warnings(JobReading reading, string fileName) =>
        reading.Warnings.Select(warning => (warning with { Path = $"warning: {warning.Path}" }).ToString(fileName));

    /// <summary><c>job.yaml: valid: 4 orders</c>, or a line for each error.</summary>
    public static string Plain(JobReading reading, string fileName) => reading.IsValid
        ? $"{fileName}: valid: {Plural.Of(reading.Job.Orders.Count, "order")}"
        : string.Join('\n', reading.Errors.Select(error => error.ToString(fileName)));

    /// <summary>
    /// One object: <c>valid</c>, <c>orders</c> (their number), <c>errors</c> and <c>warnings</c> (each with path, line, column, message).
    /// </summary>
    public static string Json(JobReading reading) => JsonText.ObjectText(writer =>
    {
        writer.WriteBoolean("valid", reading.IsValid);
        if (reading.IsValid)
        {
            writer.WriteNumber("orders", reading.Job.Orders.Count);
        }

        Write(writer, "errors", reading.Errors);
        Write(writer, "warnings", reading.Warnings);
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
