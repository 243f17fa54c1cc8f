using IacCi.Core.Model;
using IacCi.Core.Secrets;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The forms of fields that a job and its orders both have. (Not in either table: neither may need the other to begin.)</summary>
internal static class SharedTypes
{
    public static readonly TextType Repo = new(2_048, TextRules.Repo, "^[^-]");

    public static readonly TextType Commit =
        TextType.Of(TextRules.Commit(), 64, "write 7 to 64 hex digits (a branch or a tag is not a commit: it moves)");

    public static readonly ChoiceType<Workspace> Workspace = new(new Dictionary<string, Workspace>(StringComparer.Ordinal)
    {
        ["copy"] = Model.Workspace.Copy,
        ["in_place"] = Model.Workspace.InPlace,
    });

    public static readonly ChoiceType<KeepChanges> KeepChanges = new(new Dictionary<string, KeepChanges>(StringComparer.Ordinal)
    {
        ["state"] = Model.KeepChanges.State,
        ["discard"] = Model.KeepChanges.Discard,
    });

    public const string WorkspaceText =
        "Where commands run. copy: each order in a fresh copy of the code, which is removed afterwards: no order sees another's files, " +
            "and no file lasts. " +
        "in_place: in the folder itself, one order of a folder at a time; nothing is copied or removed; on one machine only.";

    public const string KeepChangesText =
        "What becomes of files that an order makes or changes in its copy. state: the order is told what is lost; Terraform state that " +
            "would be lost is " +
        "kept, and the order fails and says where. discard: all of it may go.";

    public static readonly TextType Location = new(SecretLocation.MaxNameLength, TextRules.Location, TextRules.LocationPattern);

    public static readonly ChoiceType<StopSignal> StopSignal = new(StopPolicy.Words);

    public static readonly NumberType StopGrace = new(0, StopPolicy.MaxGraceSeconds, " seconds");
}
