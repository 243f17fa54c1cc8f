using System.Text;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>What a bundle holds besides the code, after it was checked.</summary>
internal sealed record BundleContent
{
    /// <summary>The commands, in their order.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>What else the worker has to know.</summary>
    public required BundleOrder Order { get; init; }

    /// <summary>How the commands are ended.</summary>
    public required StopPolicy Stop { get; init; }

    /// <summary>The names of all variables and where their values came from. The values are in <see cref="EncryptedValues"/>.</summary>
    public required IReadOnlyDictionary<string, string> Sources { get; init; }

    /// <summary>The SOPS file that holds all values.</summary>
    public required ReadOnlyMemory<byte> EncryptedValues { get; init; }

    /// <summary>The names of those variables whose values were fetched from where secrets are kept.</summary>
    public IEnumerable<string> SecretNames =>
        Sources.Where(pair => new Variable(pair.Key, "", pair.Value).IsSecret).Select(pair => pair.Key);
}

/// <summary>Reads an unpacked bundle. Nothing of it is believed before it is checked.</summary>
internal static class BundleReader
{
    private const string Advice = "The order's bundle is damaged or was made by something else; submit the job again.";

    /// <summary>The engine's own files, which are read and not unpacked, and the most bytes of each.</summary>
    public static IReadOnlyDictionary<string, int> Parts { get; } =
        new[] { BundleFiles.Commands, BundleFiles.Order, BundleFiles.Names, BundleFiles.Sources, BundleFiles.Secrets }
            .ToDictionary(name => name, _ => BundleFiles.MaxFileBytes, StringComparer.Ordinal);

    /// <summary>Reads a bundle.</summary>
    /// <param name="parts">The engine's own files (<see cref="Parts"/>), as far as there are any.</param>
    /// <exception cref="BundleException">A part is missing, malformed, or of a version that is not known here.</exception>
    public static BundleContent Read(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> parts)
    {
        var order = Parsed(parts, BundleFiles.Order, BundleJson.Default.BundleOrder);
        if (order.Format != BundleFiles.Format)
        {
            throw Invalid(
                $"it has the format {order.Format}, and this version of iac-ci reads {BundleFiles.Format}; let the same version make it and run it",
                "");
        }

        var commands = Parsed(parts, BundleFiles.Commands, BundleJson.Default.StringArray);
        if (commands.Length is 0 or > BundleFiles.MaxCommands || commands.Any(string.IsNullOrEmpty) || order.Retries < 0
            || StopOf(order) is not { } stop)
        {
            throw Invalid($"{BundleFiles.Commands} or {BundleFiles.Order} does not hold what an order has");
        }

        var sources = SourcesIn(parts);
        return new BundleContent
        {
            Commands = commands,
            Order = order,
            Stop = stop,
            Sources = sources,
            EncryptedValues = Bytes(parts, BundleFiles.Secrets)
        };
    }

    /// <summary>How the order is stopped; null when what the bundle says is no such thing.</summary>
    private static StopPolicy? StopOf(BundleOrder order)
    {
        var grace = order.StopGrace ?? StopPolicy.DefaultGraceSeconds;
        var signal = StopSignal.Interrupt;
        return (order.StopSignal is null || StopPolicy.Words.TryGetValue(order.StopSignal, out signal)) && grace is >= 0
            and <= StopPolicy.MaxGraceSeconds
            ? new StopPolicy(signal, grace)
            : null;
    }

    private static Dictionary<string, string> SourcesIn(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> parts)
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Lines(parts, BundleFiles.Sources))
        {
            var at = line.IndexOf('=');
            if (at < 0 || !VariableName.IsValid(line[..at]) || !sources.TryAdd(line[..at], line[(at + 1)..]))
            {
                throw Invalid($"{BundleFiles.Sources} does not hold lines of NAME=source");
            }
        }

        return sources.Keys.Order(StringComparer.Ordinal).SequenceEqual(Lines(parts, BundleFiles.Names), StringComparer.Ordinal)
            ? sources
            : throw Invalid($"{BundleFiles.Names} and {BundleFiles.Sources} do not name the same variables");
    }

    private static string[] Lines(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> parts, string name) =>
        Encoding.UTF8.GetString(Bytes(parts, name).Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static T Parsed<T>(
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> parts, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(Bytes(parts, name).Span, type) ?? throw Invalid($"{name} is empty");
        }
        catch (JsonException)
        {
            throw Invalid($"{name} is malformed");
        }
    }

    private static ReadOnlyMemory<byte> Bytes(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> parts, string name) =>
        parts.TryGetValue(name, out var content) ? content : throw Invalid($"{name} is missing");

    private static BundleException Invalid(string why, string advice = Advice) => BundleException.Invalid($"{why}. {advice}".TrimEnd());
}
