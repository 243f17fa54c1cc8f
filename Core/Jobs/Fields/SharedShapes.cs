using IacCi.Core.Runs;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The forms of fields that a job and its orders both have. (Not in either table: neither may need the other to begin.)</summary>
internal static class SharedShapes
{
    public static readonly TextShape Repo = new(2_048, TextRules.Repo, "^[^-]");

    public static readonly TextShape Commit =
        TextShape.Of(TextRules.Commit(), 64, "write 7 to 64 hex digits (a branch or a tag is not a commit: it moves)");

    public static readonly ChoiceShape<Workspace> Workspace = new(new Dictionary<string, Workspace>(StringComparer.Ordinal)
    {
        ["copy"] = Jobs.Workspace.Copy,
        ["in_place"] = Jobs.Workspace.InPlace,
    });

    public static readonly ChoiceShape<KeepChanges> KeepChanges = new(new Dictionary<string, KeepChanges>(StringComparer.Ordinal)
    {
        ["state"] = Jobs.KeepChanges.State,
        ["discard"] = Jobs.KeepChanges.Discard,
    });

    public const string WorkspaceText =
        "Where commands run. copy: each order in a fresh copy of the code, which is removed afterwards: no order sees another's files, and no file lasts. " +
        "in_place: in the folder itself, one order of a folder at a time; nothing is copied or removed; on one machine only.";

    public const string KeepChangesText =
        "What becomes of files that an order makes or changes in its copy. state: the order is told what is lost; Terraform state that would be lost is " +
        "kept, and the order fails and says where. discard: all of it may go.";

    public static readonly TextShape Location = new(SecretLocation.MaxNameLength, TextRules.Location, TextRules.LocationPattern);

    public static readonly ChoiceShape<StopSignal> StopSignal = new(StopPolicy.Words);

    public static readonly NumberShape StopGrace = new(0, StopPolicy.MaxGraceSeconds, " seconds");
}
