using System.Text.Json;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Discovery;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Projects for scripts: one object, with the same members whatever was asked for.</summary>
internal static class ProjectJson
{
    /// <summary>All projects of a tree.</summary>
    public static string Of(ProjectSet set) => Text(
        set, change: null,
            [.. set.Projects.Select(
                project => (new ChangedProject(project, ProjectChange.Unchanged), (IReadOnlyList<ChangeReason>?)null))]);

    /// <summary>Projects of a change, with the reasons where somebody asked for them.</summary>
    public static string Of(
        RepositoryChange change, IReadOnlyList<(ChangedProject Project, IReadOnlyList<ChangeReason>? Reasons)> projects) =>
        Text(change.After, change, projects);

    private static string Text(
        ProjectSet set, RepositoryChange? change, IReadOnlyList<(ChangedProject Project, IReadOnlyList<ChangeReason>? Reasons)> projects) =>
        JsonText.ObjectText(json =>
        {
            json.WriteString("tree", set.Tree.Id);
            json.WriteString("head", change?.Head);
            json.WriteString("base", change?.Base);
            json.WriteString("base_tree", change?.Before.Tree.Id);
            Write(json, "changed_grants", change?.Grants ?? []);
            json.WriteStartArray("projects");
            foreach (var (project, reasons) in projects)
            {
                Write(json, project, change is not null, reasons);
            }

            json.WriteEndArray();
            json.WriteStartArray("warnings");
            foreach (var notice in set.Notices)
            {
                json.WriteStartObject();
                json.WriteString("folder", Valid(notice.Folder));
                json.WriteString("place", Valid(notice.Place));
                json.WriteString("message", Valid(notice.Message));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });

    private static void Write(Utf8JsonWriter json, ChangedProject changed, bool isCompared, IReadOnlyList<ChangeReason>? reasons)
    {
        var project = changed.Project;
        json.WriteStartObject();
        json.WriteString("name", project.Name);
        json.WriteString("folder", project.Folder.Length == 0 ? "." : project.Folder);
        json.WriteString("workspace", project.Workspace);
        json.WriteString("tool", project.Tool.Word());
        json.WriteString("change", isCompared ? Word(changed.Change) : null);
        json.WriteString("moved_to", changed.MovedTo);
        json.WriteString("inputs_digest", project.Digest);
        Write(json, "tags", project.Tags);
        Write(json, "after", project.After);
        Write(json, "vars", project.Vars);
        Write(json, "backend_config", project.BackendConfig);
        Write(json, "modules", project.Inputs.Folders.Skip(1));
        Write(json, "version_constraints", project.Inputs.VersionConstraints);
        Write(json, "unpinned", project.Inputs.Unpinned);
        Write(json, "always_touched", project.Inputs.Always);
        if (reasons is not null)
        {
            json.WriteStartArray("reasons");
            foreach (var reason in reasons)
            {
                json.WriteStartObject();
                json.WriteString("kind", reason.Kind);
                json.WriteString("subject", Valid(reason.Subject));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(Valid(text));
        }

        json.WriteEndArray();
    }

    private static string Word(ProjectChange change) => change switch
    {
        ProjectChange.Touched => "touched",
        ProjectChange.New => "new",
        ProjectChange.Orphaned => "orphaned",
        _ => "unchanged",
    };

    /// <summary>What stands for a byte that is not UTF-8 has no place in JSON.</summary>
    private static string? Valid(string? text) => text is null ? null : string.Concat(text.EnumerateRunes());
}
