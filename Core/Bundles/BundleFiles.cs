using System.Text.Json.Serialization;
using IacCi.Core.Code;

namespace IacCi.Core.Bundles;

/// <summary>
/// What a bundle consists of: files of the engine alone. The code is an archive of its own, named by its digest, which the orders of a run
/// share; the bundle tells which.
/// </summary>
internal static class BundleFiles
{
    /// <summary>The version of this layout.</summary>
    public const int Format = 2;

    /// <summary>The commands: a JSON array of strings.</summary>
    public const string Commands = "cmds.json";

    /// <summary>What else the worker has to know: a JSON object (<see cref="BundleOrder"/>).</summary>
    public const string Order = "order.json";

    /// <summary>The names of all variables, one on a line, without values.</summary>
    public const string Names = "env_vars.env";

    /// <summary>Where the value of each variable came from: lines of <c>NAME=source</c>, without values.</summary>
    public const string Sources = "secrets.src";

    /// <summary>All variables with their values: a SOPS file.</summary>
    public const string Secrets = "secrets.enc.json";

    /// <summary>The name of the folder of the code, in the folder of an order.</summary>
    public const string Code = "code";

    /// <summary>The most commands.</summary>
    public const int MaxCommands = 1_000;

    /// <summary>The largest file of the engine's in a bundle, in bytes.</summary>
    public const int MaxFileBytes = 4 << 20;

    /// <summary>The largest bundle, in bytes: its files are not packed.</summary>
    public const int MaxBytes = (5 * MaxFileBytes) + (64 << 10);
}

/// <summary>What the worker has to know of an order besides its commands and variables: <c>order.json</c>.</summary>
internal sealed record BundleOrder
{
    /// <summary>The version of the layout.</summary>
    public int Format { get; init; }

    /// <summary>How many times the command list is run again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>The word of the signal that asks the commands to end; null for the default.</summary>
    public string? StopSignal { get; init; }

    /// <summary>How long the commands have to end after it, in seconds; null for the default.</summary>
    public int? StopGrace { get; init; }

    /// <summary>Where the code came from, for people (<see cref="CodeArchive.Origin"/>).</summary>
    public string? Code { get; init; }

    /// <summary>SHA-256 of the archive of the code, lower-case hex; null when there is no code.</summary>
    public string? CodeSha256 { get; init; }

    /// <summary>The folder of the machine in which the commands run, when they run in place; null for a copy of the code.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether what the commands leave in their copy may go.</summary>
    public bool DiscardChanges { get; init; }

    /// <summary>What a person should know about how the code was packed, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>The JSON of a bundle.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(BundleOrder))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class BundleJson : JsonSerializerContext;
