using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>All variables of an order, by name.</summary>
internal sealed class VariableSet
{
    /// <summary>
    /// The most bytes of all names and values (what Linux takes for arguments and environment together is at least twice that; execve(2)).
    /// </summary>
    public const int MaxTotalBytes = 1 << 20;

    /// <summary>The most bytes of one variable as <c>NAME=value</c> with its ending NUL (MAX_ARG_STRLEN of Linux; execve(2)).</summary>
    public const int MaxVariableBytes = 128 << 10;

    internal VariableSet(IEnumerable<Variable> variables) =>
        Variables = [.. variables.OrderBy(variable => variable.Name, StringComparer.Ordinal)];

    /// <summary>No variables.</summary>
    public static VariableSet Empty { get; } = new([]);

    /// <summary>The variables, sorted by name.</summary>
    public IReadOnlyList<Variable> Variables { get; }

    /// <summary>The plain text of <c>secrets.enc.json</c>: an object of names and values. Keep it in memory only.</summary>
    public byte[] ToJson() => JsonText.Object(json =>
    {
        foreach (var variable in Variables)
        {
            json.WriteString(variable.Name, variable.Value);
        }
    }).ToArray();
}

/// <summary>The variables of an order, or all that is wrong with them.</summary>
/// <param name="Set">The variables; null when something is wrong.</param>
/// <param name="Errors">What is wrong, one line each, without a value.</param>
internal sealed record VariableAssembly(VariableSet? Set, IReadOnlyList<string> Errors);
