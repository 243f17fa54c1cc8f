namespace IacCi.Core.Engine;

/// <summary>The object whose appearance wakes the orchestrator for a run: the "result" of order <c>0000</c>.</summary>
internal static class Trigger
{
    /// <summary>Its content; nobody reads it but people.</summary>
    /// <param name="by">Who wakes: <c>intake</c>, <c>watchdog</c>, <c>hand-over</c>.</param>
    public static ReadOnlyMemory<byte> Content(string by) => System.Text.Encoding.UTF8.GetBytes($$"""{"trigger":"{{by}}"}""");
}
