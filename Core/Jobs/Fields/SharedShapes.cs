using IacCi.Core.Runs;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The forms of fields that a job and its orders both have. (Not in either table: neither may need the other to begin.)</summary>
internal static class SharedShapes
{
    public static readonly TextShape Repo = new(2_048, TextRules.Repo, "^[^-]");

    public static readonly TextShape Commit =
        TextShape.Of(TextRules.Commit(), 64, "write 7 to 64 hex digits (a branch or a tag is not a commit: it moves)");

    public static readonly TextShape Location = new(SecretLocation.MaxNameLength, TextRules.Location, TextRules.LocationPattern);

    public static readonly ChoiceShape<StopSignal> StopSignal = new(StopPolicy.Words);

    public static readonly NumberShape StopGrace = new(0, StopPolicy.MaxGraceSeconds, " seconds");
}
