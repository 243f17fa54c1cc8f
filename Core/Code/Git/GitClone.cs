using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// A bare repository in a folder of our own, with one commit in it that was asked for. Nothing is ever checked out of it.
/// </summary>
/// <param name="Address">Where it came from.</param>
/// <param name="Folder">Where it stands.</param>
/// <param name="Commit">The full hash of the commit.</param>
internal sealed record GitClone(GitAddress Address, string Folder, string Commit)
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;
    private const int MinDigits = 4;
    private const string FetchedRef = "refs/iac-ci/commit";

    private static readonly string[] Branches = ["+refs/heads/*:refs/iac-ci/heads/*", "+refs/tags/*:refs/iac-ci/tags/*"];
    private static readonly string[] Everything = ["+refs/*:refs/iac-ci/*"];

    /// <summary>
    /// Fetches a commit: by itself where its full hash is known and the server gives it out, else with all branches and tags, else with
    /// all refs.
    /// </summary>
    /// <exception cref="UserException">It cannot be had.</exception>
    public static async Task<GitClone> FetchAsync(
        GitAddress address, string? commit, GitAccess access, string folder, GitProcess git, GitOptions options,
        CancellationToken cancellationToken)
    {
        commit = commit?.ToLowerInvariant();
        if (commit is not null && (commit.Length is < MinDigits or > Sha256Digits || !commit.All(char.IsAsciiHexDigitLower)))
        {
            throw new UserException($"The commit_hash for {address.Name} is not a commit: {MinDigits} to {Sha256Digits} hex digits are.");
        }

        var fetch = new Fetcher(address, access, folder, git, options);
        return await fetch.CommitAsync(commit, sha256: commit?.Length == Sha256Digits, cancellationToken)
            ?? await fetch.CommitAsync(commit, sha256: true, cancellationToken)
            ?? throw new UserException(
                $"The code of {address.Name} cannot be fetched: its objects are named in a way that is not known here.");
    }

    /// <summary>
    /// What git says when the two repositories name their objects by different hashes (gitformat: <c>extensions.objectFormat</c>).
    /// </summary>
    private static bool IsOtherFormat(string error) => error.Contains("mismatched algorithms", StringComparison.Ordinal);

    /// <summary>What servers say when they do not know a commit, or know it and give out only what a ref points at.</summary>
    private static bool IsRefusalOfHash(string error) =>
        error.Contains("not our ref", StringComparison.Ordinal) || error.Contains("unadvertised object", StringComparison.Ordinal) ||
        error.Contains("couldn't find remote ref", StringComparison.Ordinal);

    private sealed class Fetcher(GitAddress address, GitAccess access, string folder, GitProcess git, GitOptions options)
    {
        /// <summary>Where the repository is: another place than asked for once it was found to have moved.</summary>
        private string url = address.Url;

        /// <summary>Fetches the commit into a new repository; null when the other one names its objects by the other hash.</summary>
        public async Task<GitClone?> CommitAsync(string? commit, bool sha256, CancellationToken cancellationToken)
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            await InitAsync(sha256, cancellationToken);
            if (commit is null or { Length: Sha1Digits or Sha256Digits })
            {
                var answer = await FetchAsync(["--depth=1"], [$"+{commit ?? "HEAD"}:{FetchedRef}"], cancellationToken);
                if (answer.ExitCode == 0)
                {
                    return new GitClone(address, folder, await ResolveAsync(FetchedRef, cancellationToken) ?? throw Failure(answer));
                }

                if (IsOtherFormat(answer.Error))
                {
                    return null;
                }

                if (commit is null || !IsRefusalOfHash(answer.Error))
                {
                    throw Failure(answer);
                }
            }

            return await SearchAsync(commit, cancellationToken) is { } found ? new GitClone(address, folder, found) : null;
        }

        private async Task InitAsync(bool sha256, CancellationToken cancellationToken)
        {
            var call = new GitCall(
                ["init", "--quiet", "--bare", "--template=", $"--object-format={(sha256 ? "sha256" : "sha1")}", "--", folder],
                options.ReadTimeout);
            var answer = await git.RunAsync(call, cancellationToken);
            if (answer.ExitCode != 0)
            {
                throw new UserException(
                    $"A folder for the code of {address.Name} cannot be made in {ArchivePath.Show(options.ScratchDir)}: {answer.Error}");
            }
        }

        private async Task<GitAnswer> FetchAsync(string[] flags, string[] refs, CancellationToken cancellationToken)
        {
            var answer = await git.RunAsync(Call(flags, refs), cancellationToken);
            for (var hop = 0; access.HoldsToken && answer.ExitCode != 0 && GitRedirect.IsMeant(answer.Error); hop++)
            {
                url = hop < GitRedirect.MaxHops
                    ? GitRedirect.Follow(address.Name, url, await LocationAsync(flags, refs, cancellationToken))
                    : throw new UserException(
                        $"The code of {address.Name} cannot be fetched: its server redirects more than {GitRedirect.MaxHops} times. " +
                            $"Check git_repo.");
                answer = await git.RunAsync(Call(flags, refs), cancellationToken);
            }

            return answer;
        }

        private GitCall Call(string[] flags, string[] refs) => new(
            ["-C", folder, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", .. flags, "--", url,
                .. refs],
            options.FetchTimeout)
        {
            Config = access.Config,
            Variables = access.Variables,
            Secrets = access.Secrets,
        };

        /// <summary>
        /// Asks again, and has git write down the answer. It leaves out what it sends of a token, and the file goes at once.
        /// </summary>
        private async Task<string?> LocationAsync(string[] flags, string[] refs, CancellationToken cancellationToken)
        {
            var trace = folder + ".trace";
            var call = Call(flags, refs);
            var variables = new Dictionary<string, string>(call.Variables)
            {
                ["GIT_TRACE_CURL"] = trace,
                ["GIT_TRACE_CURL_NO_DATA"] = "1",
                ["GIT_TRACE_REDACT"] = "1",
            };
            try
            {
                await git.RunAsync(call with { Variables = variables }, cancellationToken);
                return File.Exists(trace) ? GitRedirect.Location(await ReadAsync(trace, cancellationToken)) : null;
            }
            finally
            {
                File.Delete(trace);
            }
        }

        private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
        {
            await using var file = File.OpenRead(path);
            var bytes = new byte[Math.Min(file.Length, GitRedirect.MaxTraceBytes)];
            await file.ReadExactlyAsync(bytes, cancellationToken);
            return Encoding.Latin1.GetString(bytes);
        }

        /// <returns>Null when the other repository names its objects by the other hash.</returns>
        private async Task<string?> SearchAsync(string commit, CancellationToken cancellationToken)
        {
            foreach (var refs in (string[][])[Branches, Everything])
            {
                var answer = await FetchAsync([], refs, cancellationToken);
                if (answer.ExitCode != 0 && IsOtherFormat(answer.Error))
                {
                    return null;
                }

                if (answer.ExitCode != 0)
                {
                    throw Failure(answer);
                }

                if (await ResolveAsync(commit, cancellationToken) is { } found)
                {
                    return found;
                }
            }

            throw new UserException(
                $"The commit {commit} is not in {address.Name} (or its digits fit more than one commit). Check commit_hash, and whether " +
                    $"the commit was pushed.");
        }

        private async Task<string?> ResolveAsync(string name, CancellationToken cancellationToken)
        {
            var call = new GitCall(["-C", folder, "rev-parse", "--quiet", "--verify", name + "^{commit}"], options.ReadTimeout);
            var answer = await git.RunAsync(call, cancellationToken);
            var hash = Encoding.ASCII.GetString(answer.Output.Span).Trim();
            return answer.ExitCode == 0 && hash.Length is Sha1Digits or Sha256Digits ? hash : null;
        }

        private UserException Failure(GitAnswer answer) =>
            new($"The code of {address.Name} cannot be fetched: {answer.Error}. {Remedy(answer.Error)}");

        private string Remedy(string error) => address.Transport switch
        {
            GitTransport.File => "Check that the path is a git repository with at least one commit.",
            GitTransport.Ssh when error.Contains("Host key verification failed", StringComparison.Ordinal) =>
                "The host's key is not known here: add it to known_hosts (ssh-keyscan shows it; compare it with what the host publishes).",
            GitTransport.Ssh => "Check git_repo, and that the key of git_ssh_key_location may read it.",
            _ => access.Secrets.Count > 0
                ? "Check git_repo, and that the token of git_token_location is valid and may read it."
                : "Check git_repo; if the repository is private, give a token with git_token_location.",
        };
    }
}
