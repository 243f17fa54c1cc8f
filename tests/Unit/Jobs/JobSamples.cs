using System.Text;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>Jobs as text.</summary>
internal static class JobSamples
{
    public static JobReading Reading(
        string text, JobFormat? format = null, JobContext context = JobContext.Local, string? fileName = null) =>
        JobReader.Read(Encoding.UTF8.GetBytes(text), format, fileName, context);

    public static Job Job(string text, JobContext context = JobContext.Local) => Reading(text, null, context).OrThrow("job");

    /// <summary>A job of one good order, with further fields for the job and for the order, each on a line of its own.</summary>
    public static string One(string jobFields = "", string orderFields = "") => $$"""
        {
          {{jobFields}}
          "orders": [
            {
              {{orderFields}}
              "order_name": "one", "cmds": ["true"], "timeout": 60
            }
          ]
        }
        """;

    /// <summary>A job of one order of which nothing is given.</summary>
    public static string Order(string fields) => "{\"orders\": [\n" + fields + "\n]}";
}
