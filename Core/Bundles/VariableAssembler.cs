using System.Text;
using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>
/// Puts an order's variables together. Where names meet the later kind wins: the job's own, SSM's, secrets, the engine's.
/// </summary>
internal static class VariableAssembler
{
    /// <summary>The key that holds a SOPS file's own data.</summary>
    private const string SopsKey = "sops";

    /// <summary>What SOPS leaves in the clear: https://getsops.io/docs/, "Selectively encrypt parts of a file".</summary>
    private const string UnencryptedSuffix = "_unencrypted";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Puts them together.</summary>
    /// <param name="fromJob">The order's <c>env_vars</c>.</param>
    /// <param name="fromSsm">The values of its <c>ssm_paths</c>.</param>
    /// <param name="fromSecrets">
    /// The values of its <c>secret_manager_paths</c>. A value that is a JSON object of strings becomes a variable for each member, named as
    /// the member is (with <c>-</c> and <c>.</c> as <c>_</c>; upper and lower case as they are, for TF_VAR_region is not TF_VAR_REGION).
    /// </param>
    /// <param name="fromEngine">What the engine adds.</param>
    /// <returns>The variables, or every error; no error holds a value.</returns>
    public static VariableAssembly Assemble(
        IReadOnlyDictionary<string, string> fromJob,
        IReadOnlyList<FetchedValue> fromSsm,
        IReadOnlyList<FetchedValue> fromSecrets,
        IReadOnlyDictionary<string, string> fromEngine)
    {
        var errors = new List<string>();
        var set = new Dictionary<string, Variable>(StringComparer.Ordinal);
        Add(set, errors, fromJob.Select(pair => new Variable(pair.Key, pair.Value, Variable.FromJob)));
        Add(set, errors, fromSsm.Select(fetched => Whole(fetched, errors)).OfType<Variable>());
        Add(set, errors, fromSecrets.SelectMany(fetched => Members(fetched, errors)));
        Add(set, errors, fromEngine.Select(pair => new Variable(pair.Key, pair.Value, Variable.FromEngine)));

        var total = set.Values.Sum(SizeOf);
        if (total > VariableSet.MaxTotalBytes)
        {
            errors.Add($"the variables have {total:N0} bytes together; at most {VariableSet.MaxTotalBytes:N0} fit. Let the commands " +
                $"fetch the large ones.");
        }

        return errors.Count > 0 ? new VariableAssembly(null, errors) : new VariableAssembly(new VariableSet(set.Values), []);
    }

    private static void Add(Dictionary<string, Variable> set, List<string> errors, IEnumerable<Variable> kind)
    {
        var seen = new Dictionary<string, Variable>(StringComparer.Ordinal);
        foreach (var variable in kind)
        {
            if (!seen.TryAdd(variable.Name, variable))
            {
                errors.Add(
                    $"{seen[variable.Name].Source} and {variable.Source} both give the variable {variable.Name}; leave one of them out");
            }
            else if (Problem(variable) is { } problem)
            {
                errors.Add($"the variable {variable.Name} from {variable.Source} {problem}");
            }

            set[variable.Name] = variable;
        }
    }

    private static string? Problem(Variable variable)
    {
        if (!VariableName.IsValid(variable.Name))
        {
            return "has no valid name ([A-Za-z_][A-Za-z0-9_]*)";
        }

        if (variable.Name == SopsKey || variable.Name.EndsWith(UnencryptedSuffix, StringComparison.Ordinal))
        {
            return $"cannot be encrypted under that name ('{SopsKey}' and names that end in '{UnencryptedSuffix}' mean something else " +
                $"in a SOPS file); rename it";
        }

        if (variable.Value.Contains('\0'))
        {
            return "has a NUL in its value, which no environment can hold; encode it (base64, for example)";
        }

        if (!IsText(variable.Value))
        {
            return "has half a surrogate pair in its value, which is no text; encode it (base64, for example)";
        }

        return SizeOf(variable) <= VariableSet.MaxVariableBytes
            ? null
            : $"has {SizeOf(variable):N0} bytes; Linux takes at most {VariableSet.MaxVariableBytes:N0} for one variable. Let the " +
                $"commands fetch it.";
    }

    private static Variable? Whole(FetchedValue fetched, List<string> errors)
    {
        if (fetched.Location.Variable is { } name)
        {
            return new Variable(name, fetched.Value, fetched.Location.ToString());
        }

        errors.Add($"the last part of {fetched.Location} gives no name of a variable ([A-Za-z_][A-Za-z0-9_]*)");
        return null;
    }

    private static IEnumerable<Variable> Members(FetchedValue fetched, List<string> errors)
    {
        var source = fetched.Location.ToString();
        return ObjectOfStrings(fetched.Value) is { Count: > 0 } members
            ? members.Select(member => new Variable(member.Name.Replace('-', '_').Replace('.', '_'), member.Value, source))
            : Whole(fetched, errors) is { } whole ? [whole] : [];
    }

    /// <summary>The members of an object all of whose values are strings; null for any other text.</summary>
    private static List<(string Name, string Value)>? ObjectOfStrings(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.EnumerateObject().All(member => member.Value.ValueKind == JsonValueKind.String)
                ? [.. json.RootElement.EnumerateObject().Select(member => (member.Name, member.Value.GetString()!))]
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // Something that only begins like an object is one value, as it stands.
        }
    }

    private static bool IsText(string value)
    {
        try
        {
            return StrictUtf8.GetByteCount(value) >= 0;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static long SizeOf(Variable variable) =>
        Encoding.UTF8.GetByteCount(variable.Name) + Encoding.UTF8.GetByteCount(variable.Value) + 2L;
}
