using System.Globalization;

namespace IacCi.Core.Code.Git;

/// <summary>
/// The environment that git gets: what it needs of ours to reach the network, and nothing else. No configuration of the system or the user
/// (which can name programs to run), no hooks, no prompts, no variables of git's own that somebody left behind (git(1), "ENVIRONMENT
/// VARIABLES").
/// </summary>
internal static class GitEnvironment
{
    private static readonly string[] Kept =
    [
        "PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SSH_AUTH_SOCK",
        "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH",
    ];

    private static readonly (string Key, string Value)[] Config =
    [
        ("core.fsmonitor", "false"),
        ("core.hooksPath", "/dev/null"),
        ("core.pager", "cat"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("fetch.recurseSubmodules", "false"),
        ("submodule.recurse", "false"),
        ("credential.helper", ""),
        ("http.lowSpeedLimit", "1000"),
        ("http.lowSpeedTime", "60"),
    ];

    /// <summary>The variables of a call.</summary>
    public static Dictionary<string, string> Of(IReadOnlyDictionary<string, string?> inherited, GitCall call)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Kept)
        {
            if (inherited.GetValueOrDefault(name) is { } value)
            {
                variables[name] = value;
            }
        }

        variables["LC_ALL"] = "C";
        variables["GIT_CONFIG_NOSYSTEM"] = "1";
        variables["GIT_CONFIG_GLOBAL"] = "/dev/null";
        variables["GIT_ATTR_NOSYSTEM"] = "1";
        variables["GIT_TERMINAL_PROMPT"] = "0";
        variables["GIT_ASKPASS"] = "";
        variables["GIT_OPTIONAL_LOCKS"] = "0";
        variables["GIT_NO_REPLACE_OBJECTS"] = "1";
        variables["GIT_ALLOW_PROTOCOL"] = "none";
        AddConfig(variables, [.. Config, .. call.Config]);
        foreach (var (name, value) in call.Variables)
        {
            variables[name] = value;
        }

        return variables;
    }

    private static void AddConfig(Dictionary<string, string> variables, IReadOnlyList<(string Key, string Value)> config)
    {
        variables["GIT_CONFIG_COUNT"] = config.Count.ToString(CultureInfo.InvariantCulture);
        for (var i = 0; i < config.Count; i++)
        {
            variables[$"GIT_CONFIG_KEY_{i}"] = config[i].Key;
            variables[$"GIT_CONFIG_VALUE_{i}"] = config[i].Value;
        }
    }
}
