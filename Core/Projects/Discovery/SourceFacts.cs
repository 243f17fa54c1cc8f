using System.Collections.Concurrent;
using IacCi.Core.Code.Git;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Facts;

namespace IacCi.Core.Projects.Discovery;

/// <summary>What is read of the blobs of trees: each blob once, also when several trees and paths have it.</summary>
internal sealed class SourceFacts
{
    private const int MaxLinkBytes = 4_096;

    private readonly ConcurrentDictionary<(string Id, FileLanguage Language), FileFacts> _facts = [];
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>?> _configurations = new(StringComparer.Ordinal);

    /// <summary>Reads what is to be known of trees.</summary>
    public async Task ReadAsync(LocalRepository repository, IReadOnlyList<SourceTree> trees, CancellationToken cancellationToken)
    {
        Dictionary<string, FileLanguage> wanted = new(StringComparer.Ordinal);
        HashSet<string> links = new(StringComparer.Ordinal);
        foreach (var file in trees.SelectMany(tree => tree.Files))
        {
            if (file.Kind == GitFileKind.Link)
            {
                links.Add(file.Id);
            }
            else if (file.Kind != GitFileKind.Submodule && LanguageOf(file.Path) is not FileLanguage.None and var language)
            {
                wanted.TryAdd(file.Id, language);
            }
        }

        await repository.ReadAsync(links, MaxLinkBytes, AddLink, cancellationToken);
        using (var reading = new ParallelFacts(_facts))
        {
            await repository.ReadAsync(
                wanted.Keys, FactReader.MaxFileBytes, (id, content) => reading.Add(id, wanted[id], content), cancellationToken);
        }

        await ReadSeldomAsync(repository, trees, cancellationToken);
        var configurations = trees.Select(ConfigurationOf).OfType<GitFile>().Select(file => file.Id).ToHashSet(StringComparer.Ordinal);
        await repository.ReadAsync(
            configurations, ConfigurationLimits.MaxFileBytes, (id, content) => _configurations[id] = content?.ToArray(), cancellationToken);
    }

    /// <summary>The configuration file of a tree; null when it has none.</summary>
    public static GitFile? ConfigurationOf(SourceTree tree) =>
        tree.Find(RepositoryConfiguration.FileName) is { } number && tree.Files[number] is { Kind: not GitFileKind.Submodule } file ? file
            : null;

    /// <summary>The bytes of a configuration; null when it is larger than one may be.</summary>
    public ReadOnlyMemory<byte>? Configuration(GitFile file) => _configurations[file.Id];

    /// <summary>Where a link points; null when that is longer than a path can be.</summary>
    public string? LinkText(GitFile link) => _links.GetValueOrDefault(link.Id);

    /// <summary>What a file says, read as one of this name.</summary>
    public FileFacts Of(GitFile file, FileLanguage language) => _facts.GetValueOrDefault((file.Id, language), FileFacts.None);

    /// <summary>How a file is read. What tools keep for themselves is no source.</summary>
    public static FileLanguage LanguageOf(string path) =>
        FactReader.LanguageOf(SourceTree.NameOf(path)) is not FileLanguage.None and var language && !IsKept(path) ? language
            : FileLanguage.None;

    private static bool IsKept(string path) =>
        path.Contains(".terra", StringComparison.Ordinal)
        && path.Split('/').Any(name => name is ".terraform" or ".terragrunt-cache" or ".terragrunt-stack");

    /// <summary>Blobs that stand under names of two languages, and what links of those names lead to.</summary>
    private async Task ReadSeldomAsync(LocalRepository repository, IReadOnlyList<SourceTree> trees, CancellationToken cancellationToken)
    {
        Dictionary<string, HashSet<FileLanguage>> wanted = new(StringComparer.Ordinal);
        foreach (var tree in trees)
        {
            foreach (var file in tree.Files.Where(file => file.Kind != GitFileKind.Submodule))
            {
                if (LanguageOf(file.Path) is not FileLanguage.None and var language && Content(tree, file) is { } content
                    && !_facts.ContainsKey((content.Id, language)))
                {
                    wanted.TryAdd(content.Id, []);
                    wanted[content.Id].Add(language);
                }
            }
        }

        await repository.ReadAsync(wanted.Keys, FactReader.MaxFileBytes, (id, content) =>
        {
            foreach (var language in wanted[id])
            {
                Add(id, language, content);
            }
        }, cancellationToken);
    }

    /// <summary>The file itself, or the one that a link leads to; null when it leads to none.</summary>
    public GitFile? Content(SourceTree tree, GitFile file)
    {
        if (file.Kind != GitFileKind.Link)
        {
            return file;
        }

        var end = tree.Resolve("", file.Path, LinkText);
        return end.Target == PathTarget.File && tree.Files[tree.Find(end.Path)!.Value] is { Kind: not GitFileKind.Submodule } found
            ? found
            : null;
    }

    private void Add(string id, FileLanguage language, ReadOnlyMemory<byte>? content) =>
        _facts[(id, language)] = FactReader.Read(language, content);

    private void AddLink(string id, ReadOnlyMemory<byte>? content)
    {
        if (content is { } bytes)
        {
            _links[id] = GitFile.Decode(bytes.Span);
        }
    }
}
