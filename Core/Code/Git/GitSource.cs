namespace IacCi.Core.Code.Git;

/// <summary>Fetches repositories with git, each commit of each once, and packs folders of them.</summary>
internal sealed class GitSource(GitOptions options, CodePacking packing, GitProcess git, TimeProvider time)
{
    /// <summary>
    /// Published by GitHub (https://docs.github.com/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints).
    /// </summary>
    private const string GitHubHostKey = "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    private readonly TaskCache<(GitAddress Address, string? Commit, GitCredentials? Credentials), GitClone> clones = new();

    /// <summary>Packs what is asked for.</summary>
    public async Task<CodeArchive> ReadAsync(CodeRequest.Repository request, CancellationToken cancellationToken)
    {
        var folder = GitTree.Normal(request.GitFolder);
        var address = GitAddress.Parse(request.Repo, options);
        var clone = await clones.GetAsync(
            (address, request.Commit, request.Credentials), key => FetchAsync(key.Address, key.Commit, key.Credentials, cancellationToken));
        return await new GitTree(clone, git, options, packing).PackAsync(folder, cancellationToken);
    }

    private async Task<GitClone> FetchAsync(
        GitAddress address, string? commit, GitCredentials? credentials, CancellationToken cancellationToken)
    {
        var place = packing.Scratch.NewPath();
        Directory.CreateDirectory(place);
        using var agent = address.Transport == GitTransport.Ssh && credentials?.SshKey is { } key
            ? await SshAgent.StartAsync(key, place, time, cancellationToken)
            : null;
        var access = Access(address, credentials, agent, place);
        return await GitClone.FetchAsync(address, commit, access, Path.Join(place, "repo"), git, options, cancellationToken);
    }

    private GitAccess Access(GitAddress address, GitCredentials? credentials, SshAgent? agent, string place)
    {
        switch (address.Transport)
        {
            case GitTransport.File:
                var config = Path.Join(place, "config");
                File.WriteAllText(config, GitAccess.LocalConfig(address.Url));
                return GitAccess.Local(config);
            case GitTransport.Ssh:
                var hosts = Path.Join(place, "known_hosts");
                File.WriteAllLines(hosts, [GitHubHostKey, .. options.KnownHosts]);
                return GitAccess.Ssh(agent?.Socket, hosts, []);
            default:
                return GitAccess.Http(address, credentials?.Token, options.TokenOrigin);
        }
    }
}
