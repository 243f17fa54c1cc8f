using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.Credentials;

/// <summary>The home of an operator: <c>~/.aws</c>, and the program started from there with nothing else of this machine.</summary>
internal sealed class OperatorHome : IDisposable
{
    private static readonly string[] Kept = ["PATH", "DOTNET_ROOT", "LD_LIBRARY_PATH"];

    private readonly FakeSignIn aws;

    public OperatorHome(FakeSignIn aws, string config)
    {
        this.aws = aws;
        Directory.CreateDirectory(Path.Join(Folder, ".aws", "sso", "cache"));
        File.WriteAllText(Path.Join(Folder, ".aws", "config"), config);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("iac-ci-home-").FullName;

    /// <summary>Variables that the program gets; null takes one away.</summary>
    public Dictionary<string, string?> Variables { get; } = [];

    /// <summary>Where everything is asked.</summary>
    public string Url => aws.At(Path.GetFileName(Folder));

    public IReadOnlyList<SignInCall> Calls => aws.CallsOf(Path.GetFileName(Folder));

    /// <summary>The file of a session as <c>aws sso login</c> keeps it.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "AWS's tools name the file so.")]
    public string SessionFile(string session) =>
        Path.Join(Folder, ".aws", "sso", "cache", Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(session))) + ".json");

    /// <summary>Keeps a session.</summary>
    /// <param name="session">The name of the <c>sso-session</c>, or the start URL of a profile without one.</param>
    /// <param name="token">Its token.</param>
    /// <param name="year">The year in which it ends.</param>
    /// <param name="refresh">What it can be renewed with; null when it cannot.</param>
    public void SignIn(string session, string token, int year, string? refresh = null)
    {
        var renewal = refresh is null ? "" :
            $$""","refreshToken":"{{refresh}}","clientId":"c","clientSecret":"s","registrationExpiresAt":"2099-01-01T00:00:00Z" """;
        File.WriteAllText(SessionFile(session), $$"""
            {"startUrl":"https://corp.awsapps.com/start","region":"eu-west-3",
             "accessToken":"{{token}}","expiresAt":"{{year}}-01-01T00:00:00Z"{{renewal}}}
            """);
    }

    /// <summary>Lists the runs of a deployment; without a terminal, also when this test has one.</summary>
    public Task<Ended> StatusAsync(string? profile) => RunAsync(profile, null, "setsid", "--wait", Binary.Require(), "status");

    /// <summary>The same on a terminal (a pseudo-terminal of script(1)), with these keys typed.</summary>
    public Task<Ended> StatusOnTerminalAsync(string profile, string typed) =>
        RunAsync(profile, typed, "script", "-qec", $"exec {Binary.Require()} status", "/dev/null");

    private async Task<Ended> RunAsync(string? profile, string? typed, string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder };
        foreach (var name in info.Environment.Keys.Except(Kept).ToList())
        {
            info.Environment.Remove(name);
        }

        Dictionary<string, string?> variables = new()
        {
            ["HOME"] = Folder,
            ["AWS_PROFILE"] = profile,
            ["AWS_ENDPOINT_URL"] = Url,
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = Url,
            ["IAC_CI_ORDERS_TABLE"] = "orders",
            ["IAC_CI_ORDER_EVENTS_TABLE"] = "events",
            ["IAC_CI_LOCKS_TABLE"] = "locks",
            ["IAC_CI_INTERNAL_BUCKET"] = "internal",
        };
        foreach (var (name, value) in Variables)
        {
            variables[name] = value;
        }

        foreach (var (name, value) in variables.Where(pair => pair.Value is not null))
        {
            info.Environment[name] = value;
        }

        using var started = new Started(info, typed);
        return await started.EndAsync();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
