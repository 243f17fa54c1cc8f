namespace IacCi.Core.Model;

/// <summary>Where a run's objects stand. Part of the contract: other programs rely on it.</summary>
internal static class RunKeys
{
    /// <summary>Under which results and triggers appear.</summary>
    public const string CallbackRoot = "tmp/callbacks/runs/";

    /// <summary>Under which plans and bundles stand.</summary>
    public const string ExecRoot = "tmp/exec/";

    /// <summary>Under which claims stand.</summary>
    public const string ClaimRoot = "tmp/claims/";

    /// <summary>Under which the keys of runs stand.</summary>
    public const string KeyRoot = "tmp/keys/";

    /// <summary>Under which requests to stop stand.</summary>
    public const string StopRoot = "tmp/stop/";

    /// <summary>The key of a run, from which those of its orders are derived: for intake and the engine alone.</summary>
    public static string RunKey(RunId run) => $"{KeyRoot}{run}";

    /// <summary>The run's plan.</summary>
    public static string Plan(RunId run) => $"{ExecRoot}{run}/graph.json";

    /// <summary>What is remembered of the run's comment between two updates.</summary>
    public static string Report(RunId run) => $"{ExecRoot}{run}/report.json";

    /// <summary>An order's bundle.</summary>
    public static string Bundle(RunId run, OrderNum num) => $"{ExecRoot}{run}/{num}/exec.zip";

    /// <summary>An archive of code, which orders of the run share; their bundles name it.</summary>
    public static string Code(RunId run, string sha256) => $"{ExecRoot}{run}/code/{sha256}.zip";

    /// <summary>What the worker of an order is handed: its identity, and where it may read.</summary>
    public static string KeyFile(RunId run, OrderNum num) => $"{ExecRoot}{run}/{num}/key.json";

    /// <summary>Asks the worker of an order to end its commands.</summary>
    public static string Stop(RunId run, OrderNum num) => $"{StopRoot}{run}/{num}";

    /// <summary>An order's capabilities to write, encrypted to its worker.</summary>
    public static string Dispatch(RunId run, OrderNum num) => $"{ExecRoot}{run}/{num}/dispatch.enc.json";

    /// <summary>An order's claim: whoever creates it decides what becomes of the order.</summary>
    public static string Claim(RunId run, OrderNum num) => $"{ClaimRoot}{run}/{num}";

    /// <summary>An order's result; for <c>0000</c> the trigger.</summary>
    public static string Result(RunId run, OrderNum num) => $"{CallbackRoot}{run}/{num}/result.json";

    /// <summary>Under which the results of one run stand.</summary>
    public static string Results(RunId run) => $"{CallbackRoot}{run}/";

    /// <summary>The end of a run, in the done bucket.</summary>
    public static string Done(RunId run) => $"{run}/done";

    /// <summary>Reads the run and the number out of the key of a result; false for any other key.</summary>
    public static bool TryParseResult(string key, out RunId run, out OrderNum num)
    {
        (run, num) = (default, default);
        if (!key.StartsWith(CallbackRoot, StringComparison.Ordinal))
        {
            return false;
        }

        Span<Range> parts = stackalloc Range[4];
        var rest = key.AsSpan(CallbackRoot.Length);
        return rest.Split(parts, '/') == 3
            && rest[parts[2]] is "result.json"
            && RunId.TryParse(rest[parts[0]].ToString(), out run)
            && OrderNum.TryParse(rest[parts[1]].ToString(), out num);
    }
}
