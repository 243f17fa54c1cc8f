namespace IacCi.Core.Jobs.Parsing;

/// <summary>The content is not JSON or YAML, or too big to be read on: there is nothing to look for further errors in.</summary>
internal sealed class JobSyntaxException(int line, int column, string message) : Exception(message)
{
    public int Line { get; } = line;

    public int Column { get; } = column;
}
