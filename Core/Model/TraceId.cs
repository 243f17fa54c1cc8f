using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IacCi.Core.Model;

/// <summary>Ties everything that belongs to one run together: 8 lower-case hex digits.</summary>
internal readonly partial record struct TraceId
{
    private TraceId(string value) => Value = value;

    /// <summary>The 8 hex digits.</summary>
    public string Value { get; }

    /// <summary>Makes a new id out of 4 random bytes.</summary>
    public static TraceId New(Func<int, byte[]> randomBytes) => new(Convert.ToHexStringLower(randomBytes(4)));

    /// <summary>Reads an id; false when the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TraceId trace)
    {
        var valid = text is not null && Shape().IsMatch(text);
        trace = valid ? new TraceId(text!) : default;
        return valid;
    }

    /// <summary>Reads an id.</summary>
    /// <exception cref="FormatException">The text is not 8 lower-case hex digits.</exception>
    public static TraceId Parse(string text) =>
        TryParse(text, out var trace) ? trace : throw new FormatException($"'{text}' is not a trace id (8 lower-case hex digits)");

    /// <summary>One leg of the trace: <c>trace_id:epoch</c>, the epoch in whole seconds.</summary>
    public string Leg(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{Value}:{at.ToUnixTimeSeconds()}");

    /// <summary>The flow a person searches for: <c>username:trace_id-flow_label</c>.</summary>
    public string FlowId(string username, string flowLabel) => $"{username}:{Value}-{flowLabel}";

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"^[0-9a-f]{8}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
