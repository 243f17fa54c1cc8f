using IacCi.Core.Jobs.Fields;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Jobs.Rules;

namespace IacCi.Core.Jobs;

/// <summary>Reads a job and checks it: what comes out keeps every rule, or is the list of all the rules it breaks.</summary>
internal static class JobReader
{
    /// <summary>Reads a job. Never throws for anything the content may be.</summary>
    /// <param name="content">The file, UTF-8, with or without a byte order mark.</param>
    /// <param name="format">How it is written; null to go by the end of the file's name, or else by its first character.</param>
    /// <param name="fileName">The file's name, or null.</param>
    /// <param name="context">Where it is going to run.</param>
    public static JobReading Read(ReadOnlyMemory<byte> content, JobFormat? format, string? fileName, JobContext context)
    {
        var diagnostics = new Diagnostics();
        try
        {
            var root = new NodeRef(DocumentReader.Read(content.Span, format, fileName, JobLimits.MaxFileBytes), FieldPath.Root);
            var draft = JobFields.Bind(root, context, diagnostics);
            if (draft is not null)
            {
                JobRules.Check(draft, root, context, diagnostics);
            }

            return diagnostics.Any
                ? JobReading.Refused(diagnostics.InOrder(), diagnostics.Warnings())
                : JobReading.Of(draft!, diagnostics.Warnings());
        }
        catch (JobSyntaxException wrong)
        {
            return JobReading.Refused([new JobError("", wrong.Line, wrong.Column, wrong.Message)]);
        }
    }
}
