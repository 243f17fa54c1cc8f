using IacCi.Core.Projects.Configuration;

namespace IacCi.Core.Projects.Discovery;

/// <summary>What holds for a folder of all that is said.</summary>
internal static class SettingsOf
{
    /// <summary>The settings of a folder: each is that of the most specific rule that has it; of two alike, the later one.</summary>
    public static ProjectSettings Folder(string folder, IReadOnlyList<ProjectRule> rules)
    {
        var fitting = rules.Select(rule => (rule.Settings, Rank: rule.Pattern.Rank(folder))).Where(rule => rule.Rank is not null)
            .OrderBy(rule => rule.Rank!.Value); // Stable: of two alike the later one stays behind.
        var settings = new ProjectSettings();
        foreach (var (more, _) in fitting)
        {
            settings = new ProjectSettings
            {
                Tags = more.Tags ?? settings.Tags,
                Roles = more.Roles ?? settings.Roles,
                Secrets = more.Secrets ?? settings.Secrets,
                Apply = more.Apply ?? settings.Apply,
                BackendConfig = more.BackendConfig ?? settings.BackendConfig,
                Timeout = more.Timeout ?? settings.Timeout,
                Target = more.Target ?? settings.Target,
                Workspaces = more.Workspaces ?? settings.Workspaces,
                Vars = more.Vars ?? settings.Vars,
                After = more.After ?? settings.After,
                Also = more.Also ?? settings.Also,
            };
        }

        return settings;
    }
}
