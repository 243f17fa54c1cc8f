using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Local;
using IacCi.Core.Runs;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary>Options that several commands share.</summary>
internal static class SharedOptions
{
    public static Option<string> StateDir() => new("--state-dir")
    {
        Description = "The folder that keeps runs.",
        DefaultValueFactory = _ => StateFolder.Default,
        HelpName = "DIR",
    };

    public static Option<OutputFormat> Output() => new("--output", "-o")
    {
        Description = "How results are written: text or json.",
        DefaultValueFactory = _ => OutputFormat.Text,
        HelpName = "text|json",
    };

    /// <summary>Whether colours are wanted on a stream (https://no-color.org).</summary>
    public static Palette PaletteOf(bool redirected) =>
        new(!redirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb");
}

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    Text,
    Json,
}

/// <summary>Finds runs by what people type.</summary>
internal static class RunLookup
{
    /// <summary>The most runs that are looked through.</summary>
    public const int MaxRuns = 10_000;

    /// <summary>The run with this id, or the only one whose id or trace begins so.</summary>
    /// <exception cref="UserException">There is none, or more than one.</exception>
    public static async ValueTask<JobRecord> FindAsync(IRunStore store, string text, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(text, out var run) && await store.FindJobAsync(run, cancellationToken) is { } exact)
        {
            return exact;
        }

        var jobs = await store.ListJobsAsync(MaxRuns, cancellationToken);
        return jobs.Where(job => job.RunId.Value.StartsWith(text, StringComparison.Ordinal) || job.TraceId.Value == text).Take(2).ToList() switch
        {
            [var only] => only,
            [] => throw new UserException($"there is no run '{text}'; 'iac-ci status' lists the runs"),
            _ => throw new UserException($"'{text}' fits more than one run; type more of it ('iac-ci status' lists the runs)"),
        };
    }
}
