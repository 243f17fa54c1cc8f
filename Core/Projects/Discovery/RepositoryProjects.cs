using IacCi.Core.Code.Git;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Discovery;

/// <summary>The projects of a change, beside those that were there before.</summary>
/// <param name="Base">The commit that the change is compared with.</param>
/// <param name="Head">The commit of the change; files that are not committed come on top of it.</param>
/// <param name="Before">The projects of the base.</param>
/// <param name="After">Those of the merged tree.</param>
/// <param name="Grants">What of the configuration takes effect only when the change is merged.</param>
internal sealed record RepositoryChange(string Base, string Head, ProjectSet Before, ProjectSet After, IReadOnlyList<string> Grants);

/// <summary>Reads the projects of a repository.</summary>
internal static class RepositoryProjects
{
    /// <summary>The projects of the files as they stand in the folder.</summary>
    /// <exception cref="UserException">The configuration is not valid, or the repository cannot be read.</exception>
    public static async Task<ProjectSet> ReadAsync(LocalRepository repository, CancellationToken cancellationToken)
    {
        var tree = await TreeAsync(repository, await repository.TreeOfFolderAsync(cancellationToken), cancellationToken);
        var facts = new SourceFacts();
        await facts.ReadAsync(repository, [tree], cancellationToken);
        return Checked(ProjectFinder.Find(tree, facts, Configuration(tree, facts)));
    }

    /// <summary>The projects of the files in the folder when they are merged into a base, beside those of the base.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="baseName">What the change is compared with; null for where it left the default branch.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserException">The configuration is not valid, there is no base, or both change the same lines.</exception>
    public static async Task<RepositoryChange> CompareAsync(
        LocalRepository repository, string? baseName, CancellationToken cancellationToken)
    {
        var head = repository.Head ?? throw new UserException(repository.GitFolder is null
            ? "This folder is in no git repository, so there is nothing that a change could be compared with. Leave --changed out, or run "
                + "'git init' and commit."
            : "The repository has no commit yet, so there is nothing that a change could be compared with. Make one.");
        var folder = await repository.TreeOfFolderAsync(cancellationToken);
        var start = await BaseAsync(repository, baseName, head, cancellationToken);
        var merged = await repository.MergeBaseAsync(start, head, cancellationToken) == start
            ? folder
            : await repository.MergeAsync(start, folder, head, cancellationToken);
        var trees = await Task.WhenAll(
            TreeAsync(repository, await repository.TreeOfAsync(start, cancellationToken), cancellationToken),
            TreeAsync(repository, merged, cancellationToken));
        var (before, after) = (trees[0], trees[1]);
        var facts = new SourceFacts();
        await facts.ReadAsync(repository, [before, after], cancellationToken);

        // What grants comes from the base for both: what the change says of it takes effect when it is merged.
        var (granting, own) = (BaseConfiguration(before, facts), Configuration(after, facts));
        var sets = await Task.WhenAll(
            Task.Run(() => ProjectFinder.Find(before, facts, granting), cancellationToken),
            Task.Run(() => ProjectFinder.Find(after, facts, own.GrantedBy(granting)), cancellationToken));
        return new RepositoryChange(start, head, sets[0], Checked(sets[1]), Grants(granting, own));
    }

    private static async Task<SourceTree> TreeAsync(LocalRepository repository, string id, CancellationToken cancellationToken) =>
        new(id, await repository.ListAsync(id, cancellationToken));

    private static async Task<string> BaseAsync(LocalRepository repository, string? name, string head, CancellationToken cancellationToken)
    {
        if (name is not null)
        {
            return await repository.FindCommitAsync(name, cancellationToken) ?? throw new UserException(
                $"There is no commit {Printable.Word(name)} in this clone. Name a branch, a tag or a commit with --base; get it with "
                    + "'git fetch' first.");
        }

        var (branch, commit) = await repository.DefaultBranchAsync(cancellationToken) ?? throw new UserException(
            "There is no origin/HEAD, origin/main, main or master here, so what the change is compared with is not known. Name it with "
                + "--base.");
        return await repository.MergeBaseAsync(commit, head, cancellationToken) ?? throw new UserException(
            $"The change and {branch} have no commit in common. Name what to compare with: --base REF.");
    }

    private static RepositoryConfiguration Configuration(SourceTree tree, SourceFacts facts)
    {
        if (SourceFacts.ConfigurationOf(tree) is not { } file)
        {
            return RepositoryConfiguration.Default;
        }

        if (file.Kind == GitFileKind.Link)
        {
            throw new UserException($"{RepositoryConfiguration.FileName} is a link; put the file itself in its place.");
        }

        return RepositoryReader.Read(facts.Configuration(file) ?? throw new UserException(
            $"{RepositoryConfiguration.FileName} has more than {Plural.Number(ConfigurationLimits.MaxFileBytes)} bytes; shorten it."))
            .OrThrow(RepositoryConfiguration.FileName);
    }

    /// <summary>A configuration of the base that is not valid grants nothing, and is no fault of the change.</summary>
    private static RepositoryConfiguration BaseConfiguration(SourceTree tree, SourceFacts facts)
    {
        try
        {
            return Configuration(tree, facts);
        }
        catch (UserException)
        {
            return RepositoryConfiguration.Default;
        }
    }

    private static ProjectSet Checked(ProjectSet set) => set.Errors.Count == 0 ? set : throw new UserException(
        string.Join('\n', set.Errors.Select(error => error.ToString(RepositoryConfiguration.FileName))));

    private static List<string> Grants(RepositoryConfiguration granting, RepositoryConfiguration own)
    {
        List<string> changed = [];
        if (!granting.Steps.Plan.SequenceEqual(own.Steps.Plan) || !granting.Steps.Apply.SequenceEqual(own.Steps.Apply))
        {
            changed.Add("steps");
        }

        if (!granting.Policies.SequenceEqual(own.Policies))
        {
            changed.Add("policies");
        }

        return changed;
    }
}
