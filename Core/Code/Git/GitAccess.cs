using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// What lets git in: configuration and variables of one fetch. A token is a header for the repository's own origin, given through the
/// environment: not in the URL, not in an argument, not in a file.
/// </summary>
/// <param name="Config">Configuration.</param>
/// <param name="Variables">Variables.</param>
/// <param name="Secrets">What must not be seen in messages.</param>
internal sealed record GitAccess(
    IReadOnlyList<(string Key, string Value)> Config, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Secrets)
{
    private const int MaxTokenChars = 4_096;

    /// <summary>Whether a token is sent: then redirects are not git's to follow (<see cref="GitRedirect"/>).</summary>
    public bool HoldsToken => Config.Count > 0;

    /// <summary>
    /// GitHub takes any of its tokens as the password of this user (https://docs.github.com/apps, "Authenticating as an installation").
    /// </summary>
    private const string TokenUser = "x-access-token";

    /// <summary>Access over https, with a token or without.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="token">The token, or null.</param>
    /// <param name="tokenOrigin">The one server that the token is for.</param>
    /// <exception cref="UserException">The repository is at another server than the token's, or the token is none.</exception>
    public static GitAccess Http(GitAddress address, string? token, Uri tokenOrigin)
    {
        var variables = new Dictionary<string, string>
        {
            ["GIT_ALLOW_PROTOCOL"] = address.Transport == GitTransport.Http
            ? "http"
            : "https"
        };
        token = token?.Trim();
        if (string.IsNullOrEmpty(token))
        {
            return new GitAccess([], variables, []);
        }

        if (!GitRedirect.IsSameOrigin(new Uri(address.Url), tokenOrigin))
        {
            throw new UserException(
                $"The git_repo {address.Name} is not at {tokenOrigin.GetLeftPart(UriPartial.Authority)}, "
                + "and the token of git_token_location is sent to that server alone. "
                + "Leave git_token_location out if the repository is public; use an ssh URL with git_ssh_key_location; "
                + "or set IAC_CI_GITHUB_API_URL, if all repositories are at that other server.");
        }

        if (token.Length > MaxTokenChars || token.Any(c => c is <= ' ' or >= '\x7F'))
        {
            throw new UserException(
                $"The token for {address.Name} is not one: a token is one line of letters, digits and punctuation. Check " +
                    $"git_token_location.");
        }

        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{TokenUser}:{token}"));
        return new GitAccess(
            [($"http.{address.Origin}.extraHeader", $"Authorization: Basic {basic}"), ("http.followRedirects", "false")], variables,
            [basic, token]);
    }

    /// <summary>Access to a repository of this machine. The person named this very folder, so whose it is does not matter.</summary>
    /// <param name="configFile">A configuration file that says so: the other end of a local fetch takes no other.</param>
    public static GitAccess Local(string configFile) => new(
        [], new Dictionary<string, string> { ["GIT_ALLOW_PROTOCOL"] = "file", ["GIT_CONFIG_GLOBAL"] = configFile }, []);

    /// <summary>The file for <see cref="Local"/>.</summary>
    public static string LocalConfig(string path) =>
        $"[safe]\n\tdirectory = \"{Quote(path)}\"\n\tdirectory = \"{Quote(Path.Join(path, ".git"))}\"\n";

    /// <summary>Access over ssh: this user's own keys, or (with a socket) the one key that a private agent holds.</summary>
    /// <param name="agentSocket">The agent's socket, or null.</param>
    /// <param name="knownHostsFile">Host keys on top of this user's.</param>
    /// <param name="secrets">What must not be seen in messages.</param>
    public static GitAccess Ssh(string? agentSocket, string knownHostsFile, IReadOnlyList<string> secrets)
    {
        // Git gives this line to a shell. It is the same line always: what changes is in variables.
        const string Command =
            "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o " +
                "GlobalKnownHostsFile=\"\\\"$IAC_CI_KNOWN_HOSTS\\\"\"";
        const string OneKey = " -o IdentityFile=none -o IdentityAgent=SSH_AUTH_SOCK";
        var variables = new Dictionary<string, string>
        {
            ["GIT_ALLOW_PROTOCOL"] = "ssh",
            ["GIT_SSH_COMMAND"] = agentSocket is null ? Command : Command + OneKey,
            ["GIT_SSH_VARIANT"] = "ssh",
            ["IAC_CI_KNOWN_HOSTS"] = knownHostsFile,
        };
        if (agentSocket is not null)
        {
            variables["SSH_AUTH_SOCK"] = agentSocket;
        }

        return new GitAccess([], variables, secrets);
    }

    private static string Quote(string path) =>
        path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
