using System.CommandLine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Terminal;

namespace IacCi.Commands;

/// <summary>Options that several commands share.</summary>
internal static class SharedOptions
{
    private const int MaxParallel = 1_000;

    /// <summary>As whom orders run.</summary>
    public static Option<string?> RunAs() => Kinds.User.Option<string?>(
        "--run-as", "USER", "The user that orders' commands run as, so that they reach nothing of iac-ci's. Needs a start as root.");

    public static Option<string> StateDir()
    {
        var option = Kinds.Path.Option<string>("--state-dir", "DIR", "The folder that keeps runs.");
        option.DefaultValueFactory = _ => StateFolder.Default;
        return option;
    }

    /// <summary>What a command about a run of this state folder needs beside the run.</summary>
    public static string StateDirArgument(StateFolder state) => state.IsDefault ? "" : $" --state-dir {state.Path}";

    /// <summary>How many orders work at once.</summary>
    public static Option<int?> Parallel(string description) =>
        Kinds.Count(1, MaxParallel).Option<int?>("--parallel", "N", description + " Default: the number of processors.");

    /// <summary>How the results of a command are written; each command that has any takes it.</summary>
    public static Option<OutputFormat> Output() => Kinds.Word(("text", OutputFormat.Text), ("json", OutputFormat.Json))
        .Option<OutputFormat>("--output", "text|json", "How results are written. Default: text.", "-o");

    /// <summary>Whether colours are wanted on a stream (https://no-color.org).</summary>
    public static Palette PaletteOf(bool redirected) =>
        new(
            !redirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb");
}

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    Text,
    Json,
}
