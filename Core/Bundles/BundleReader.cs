using System.Text;
using System.Text.Json;
using IacCi.Core.Code;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;

namespace IacCi.Core.Bundles;

/// <summary>What a bundle holds, after it was unpacked and checked.</summary>
public sealed record BundleContent
{
    /// <summary>The commands, in their order.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>What else the worker has to know.</summary>
    public required BundleOrder Order { get; init; }

    /// <summary>The names of all variables and where their values came from. The values are in <see cref="EncryptedValues"/>.</summary>
    public required IReadOnlyDictionary<string, string> Sources { get; init; }

    /// <summary>The SOPS file that holds all values.</summary>
    public required ReadOnlyMemory<byte> EncryptedValues { get; init; }

    /// <summary>The full path of the folder in which the commands run.</summary>
    public required string CodeFolder { get; init; }

    /// <summary>The names of those variables whose values were fetched from where secrets are kept.</summary>
    public IEnumerable<string> SecretNames => Sources.Where(pair => new Variable(pair.Key, "", pair.Value).IsSecret).Select(pair => pair.Key);
}

/// <summary>Reads an unpacked bundle. Nothing of it is believed before it is checked.</summary>
public static class BundleReader
{
    private const string Advice = "The order's bundle is damaged or was made by something else; submit the job again.";

    /// <summary>Reads the folder a bundle was unpacked into.</summary>
    /// <exception cref="UserException"><c>bundle_invalid</c>: a part is missing, too large, malformed, or of a version that is not known here.</exception>
    public static BundleContent Read(string folder)
    {
        var order = Parsed(folder, BundleFiles.Order, BundleJson.Default.BundleOrder);
        if (order.Format != BundleFiles.Format)
        {
            throw Invalid($"it has the format {order.Format}, and this version of iac-ci reads {BundleFiles.Format}; let the same version make it and run it", "");
        }

        var commands = Parsed(folder, BundleFiles.Commands, BundleJson.Default.StringArray);
        if (commands.Length is 0 or > BundleFiles.MaxCommands || commands.Any(string.IsNullOrEmpty) || order.Retries < 0)
        {
            throw Invalid($"{BundleFiles.Commands} or {BundleFiles.Order} does not hold what an order has");
        }

        var sources = SourcesIn(folder);
        var code = Path.Join(Path.GetFullPath(folder), BundleFiles.Code);
        return FileStatus.Find(code) is { IsFolder: true }
            ? new BundleContent { Commands = commands, Order = order, Sources = sources, EncryptedValues = Bytes(folder, BundleFiles.Secrets), CodeFolder = code }
            : throw Invalid($"the folder {BundleFiles.Code} is missing");
    }

    private static Dictionary<string, string> SourcesIn(string folder)
    {
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Lines(folder, BundleFiles.Sources))
        {
            var at = line.IndexOf('=');
            if (at < 0 || !VariableName.IsValid(line[..at]) || !sources.TryAdd(line[..at], line[(at + 1)..]))
            {
                throw Invalid($"{BundleFiles.Sources} does not hold lines of NAME=source");
            }
        }

        return sources.Keys.Order(StringComparer.Ordinal).SequenceEqual(Lines(folder, BundleFiles.Names), StringComparer.Ordinal)
            ? sources
            : throw Invalid($"{BundleFiles.Names} and {BundleFiles.Sources} do not name the same variables");
    }

    private static string[] Lines(string folder, string name) =>
        Encoding.UTF8.GetString(Bytes(folder, name).Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static T Parsed<T>(string folder, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(Bytes(folder, name).Span, type) ?? throw Invalid($"{name} is empty");
        }
        catch (JsonException)
        {
            throw Invalid($"{name} is malformed");
        }
    }

    private static ReadOnlyMemory<byte> Bytes(string folder, string name)
    {
        var path = Path.Join(folder, name);
        if (FileStatus.Find(path) is not { IsFile: true } status)
        {
            throw Invalid($"{name} is missing");
        }

        return status.Size <= BundleFiles.MaxFileBytes
            ? FileContent.Read(path, BundleFiles.MaxFileBytes)
            : throw Invalid($"{name} has more than {BundleFiles.MaxFileBytes:N0} bytes");
    }

    private static UserException Invalid(string why, string advice = Advice) => new($"bundle_invalid: {why}. {advice}".TrimEnd());
}
