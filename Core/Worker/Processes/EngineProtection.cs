using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// Keeps the engine apart from the orders whose commands run beside it on one machine. Call it before any secret is read.
/// </summary>
internal static class EngineProtection
{
    /// <summary>
    /// No other process of this user can read this one's memory, environment or open files (root can), it leaves no core dump, its
    /// environment is not where ps(1) reads it, and what an order leaves running becomes its child, so that it can be ended.
    /// </summary>
    internal static void Apply()
    {
        Descendants.HideOurselves();
        Posix.DumpNoCore();
        InitialEnvironment.Clear();
        Descendants.Adopt();
    }
}
