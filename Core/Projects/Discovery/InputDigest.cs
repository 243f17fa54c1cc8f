namespace IacCi.Core.Projects.Discovery;

/// <summary>
/// The inputs digest: SHA-256 over the project's settings, the digests of the folders it reads, the paths and blob ids of single files, and
/// the paths that are read and not there. The same tree gives the same digest on every machine.
/// </summary>
internal static class InputDigest
{
    /// <summary>The version of what the digest is made over: another one makes all digests others.</summary>
    private const string Version = "1";

    public static string Of(Project project, ProjectInputs inputs, SourceTree tree, SourceUnits units)
    {
        var text = new DigestText();
        text.Add("iac-ci inputs", Version, "");
        foreach (var (name, value) in inputs.Settings)
        {
            text.Add("setting", name, value);
        }

        foreach (var folder in inputs.Folders)
        {
            var digest = folder == project.Folder && project.OfOthers.Count > 0
                ? units.Digest(units.Of(folder), project.OfOthers.ToHashSet(StringComparer.Ordinal))
                : units.Digest(folder);
            text.Add("source", folder, digest);
        }

        foreach (var folder in inputs.WholeFolders)
        {
            text.Add("folder", folder, units.WholeDigest(folder));
        }

        foreach (var number in inputs.Files)
        {
            text.Add(tree.Files[number]);
        }

        foreach (var path in inputs.Absent)
        {
            text.Add("absent", path, "");
        }

        return text.Digest();
    }

    /// <summary>All that the digest is made over, one by one: files by path, and settings.</summary>
    public static SortedDictionary<string, string> List(Project project, ProjectSet set)
    {
        var (tree, units, inputs) = (set.Tree, set.Units, project.Inputs);
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        foreach (var setting in inputs.Settings.GroupBy(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal))
        {
            all[$"setting {setting.Key}"] = string.Join('\0', setting);
        }

        foreach (var folder in inputs.Folders)
        {
            var unit = units.Of(folder);
            AddFiles(
                unit.Files.Concat(unit.LinkedFiles)
                    .Where(number => folder != project.Folder || !project.OfOthers.Contains(tree.Files[number].Path)));
            foreach (var linked in unit.LinkedFolders)
            {
                AddFolder(linked);
            }
        }

        foreach (var folder in inputs.WholeFolders)
        {
            AddFolder(folder);
        }

        AddFiles(inputs.Files);
        return all;

        void AddFolder(string folder)
        {
            var (from, to) = tree.Below(folder);
            AddFiles(Enumerable.Range(from, to - from));
        }

        void AddFiles(IEnumerable<int> numbers)
        {
            foreach (var number in numbers)
            {
                var file = tree.Files[number];
                all[$"file {file.Path}"] = $"{file.Kind} {file.Id}";
            }
        }
    }
}
