namespace IacCi.Core.Model;

/// <summary>The file that holds what a running order has printed so far. The engine writes it; views follow it.</summary>
internal static class LiveLogFile
{
    /// <summary>The most bytes of a live log: commands that flood their output do not fill the disk.</summary>
    public const long MaxBytes = 64L << 20;

    /// <summary>What stands at the end of a live log when there is more.</summary>
    public const string TooMuch = "\niac-ci: there is too much output to follow; its end is shown when the order has ended\n";

    /// <summary>What is shown before the end of an output that was not followed whole.</summary>
    public const string Gap = "\n... iac-ci: a part of the output could not be followed; this is its end ...\n";

    /// <summary>What an order's log says when its live log could not be written.</summary>
    public const string Stopped = "the live output stopped before this, because it could not be written";

    /// <summary>The file of one order in the folder of live logs.</summary>
    public static string PathOf(string folder, RunId run, OrderNum num) => Path.Combine(folder, run.Value, $"{num}.log");
}
