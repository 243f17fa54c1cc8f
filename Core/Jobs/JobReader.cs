namespace IacCi.Core.Jobs;

/// <summary>Reads a job and checks it: what comes out keeps every rule, or is the list of all the rules it breaks.</summary>
public static class JobReader
{
    /// <summary>Reads a job. Never throws for anything the content may be.</summary>
    /// <param name="content">The file, UTF-8.</param>
    /// <param name="format">How it is written; null to go by the file's name, or by its first character.</param>
    /// <param name="fileName">The file's name, or null.</param>
    /// <param name="context">Where it is going to run.</param>
    public static JobReading Read(ReadOnlyMemory<byte> content, JobFormat? format, string? fileName, JobContext context) =>
        throw new NotSupportedException();
}
