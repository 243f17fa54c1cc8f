using System.Text.Json.Serialization;
using IacCi.Core.Code;

namespace IacCi.Core.Bundles;

/// <summary>
/// What a bundle consists of. The engine's files stand at its top and the code below <see cref="Code"/>, so that no file of a user can stand in the
/// place of one of the engine's.
/// </summary>
public static class BundleFiles
{
    /// <summary>The version of this layout.</summary>
    public const int Format = 1;

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

    /// <summary>The folder of the code, in which the commands run.</summary>
    public const string Code = "code";

    /// <summary>The most commands.</summary>
    public const int MaxCommands = 1_000;

    /// <summary>The largest file of the engine's in a bundle, in bytes.</summary>
    public const int MaxFileBytes = 4 << 20;
}

/// <summary>What the worker has to know of an order besides its commands and variables: <c>order.json</c>.</summary>
public sealed record BundleOrder
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
}

/// <summary>The JSON of a bundle.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(BundleOrder))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class BundleJson : JsonSerializerContext;
