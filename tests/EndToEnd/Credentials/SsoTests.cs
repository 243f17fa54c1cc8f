using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Credentials;

/// <summary>Profiles of IAM Identity Center, in the published program.</summary>
[ClassDataSource<FakeSignIn>(Shared = SharedType.PerTestSession)]
internal sealed class SsoTests(FakeSignIn aws)
{
    private const string StartUrl = "https://corp.awsapps.com/start";

    private const string Config =
        $"""
        [sso-session corp]
        sso_region = eu-west-3
        sso_start_url = {StartUrl}
        sso_registration_scopes = sso:account:access
        [profile dev]
        region = eu-north-1
        sso_session = corp
        sso_account_id = 123456789012
        sso_role_name = Developer
        [profile old]
        region = eu-north-1
        sso_region = eu-west-3
        sso_start_url = {StartUrl}
        sso_account_id = 123456789012
        sso_role_name = Developer
        [profile deploy]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        source_profile = dev
        services = here
        [services here]
        dynamodb =
          endpoint_url = URL
        sts =
          endpoint_url = URL
        sso =
          endpoint_url = URL
        sso_oidc =
          endpoint_url = URL
        """;

    [Test]
    [Arguments("dev", "corp", "Query:SSO-good")]
    [Arguments("old", StartUrl, "Query:SSO-good")]
    [Arguments("deploy", "corp", "AssumeRole:SSO-good Query:ROLE-deploy")]
    public async Task A_session_gives_credentials(string profile, string session, string wanted)
    {
        using var home = new OperatorHome(aws, Config);
        home.SignIn(session, "good", 2099);
        var ended = await home.StatusAsync(profile);

        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(home.Calls[0].Values["account_id"] + home.Calls[0].Values["role_name"]).IsEqualTo("123456789012Developer");
        await Assert.That(string.Join(' ', home.Calls.Skip(1).Select(call => $"{call.What}:{call.Key}"))).IsEqualTo(wanted);
        await Assert.That(home.Calls[^1].Region).IsEqualTo("eu-north-1");
    }

    [Test]
    public async Task A_session_that_has_run_out_is_renewed_and_kept()
    {
        using var home = new OperatorHome(aws, Config);
        home.SignIn("corp", "old", 2020, refresh: "first");
        var ended = await home.StatusAsync("dev");

        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(home.Calls[0].Values["refreshToken"]).IsEqualTo("first");
        await Assert.That(home.Calls[^1].Key).IsEqualTo("SSO-renewed");
        var kept = JsonNode.Parse(await File.ReadAllTextAsync(home.SessionFile("corp")))!;
        await Assert.That(((string)kept["accessToken"]!, (string)kept["refreshToken"]!)).IsEqualTo(("renewed", "next"));
    }

    [Test]
    public async Task Endpoints_of_the_profile_hold_for_whoever_gives_its_credentials()
    {
        using var home = new OperatorHome(aws, "");
        await File.WriteAllTextAsync(
            Path.Join(home.Folder, ".aws", "config"), Config.Replace("URL", home.Url, StringComparison.Ordinal));
        home.Variables["AWS_ENDPOINT_URL"] = null;
        home.SignIn("corp", "old", 2020, refresh: "first");
        var ended = await home.StatusAsync("deploy");

        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(home.Calls.Select(call => call.What))
            .IsEquivalentTo(["/token", "/federation/credentials", "AssumeRole", "Query"]);
    }

    [Test]
    [Arguments(null, 0, null, "has no valid session of IAM Identity Center (No valid SSO Token could be found)")]
    [Arguments("old", 2020, null, "has no valid session of IAM Identity Center (SSO Token has expired and can not be refreshed)")]
    [Arguments("old", 2020, "dead", "(SSO Token has expired and failed to refresh: InvalidGrantException")]
    [Arguments("revoked", 2099, null, "(UnauthorizedException: Session token not found or invalid)")]
    public async Task Without_a_valid_session_the_way_to_sign_in_is_told(string? token, int year, string? refresh, string why)
    {
        using var home = new OperatorHome(aws, Config);
        if (token is not null)
        {
            home.SignIn("corp", token, year, refresh);
        }

        foreach (var profile in new[] { "dev", "deploy" })
        {
            var ended = await home.StatusAsync(profile);
            await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
            await Assert.That(ended.Errors).Contains($"the profile 'dev' of {home.Folder}/.aws/config ").And.Contains(why);
            await Assert.That(ended.Errors).EndsWith("sign in with 'aws sso login --profile dev'\n");
            await Assert.That(ended.Errors.Count(letter => letter == '\n')).IsEqualTo(1);
        }
    }

    [Test]
    public async Task A_role_that_is_not_assigned_is_named()
    {
        using var home = new OperatorHome(aws, Config);
        home.SignIn("corp", "unassigned", 2099);
        var ended = await home.StatusAsync("dev");

        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains(
            "may not use the role 'Developer' of the account '123456789012' (ForbiddenException: No access): correct sso_role_name");
    }

    [Test]
    public async Task A_portal_that_does_not_answer_is_no_slip_of_the_operator()
    {
        using var home = new OperatorHome(aws, Config);
        home.SignIn("corp", "good", 2099);
        home.Variables["AWS_ENDPOINT_URL_SSO"] = "http://127.0.0.1:9";
        var ended = await home.StatusAsync("dev");

        await Assert.That(ended.ExitCode).IsEqualTo(70);
        await Assert.That(ended.Errors).Contains("IAM Identity Center does not answer for the profile 'dev'").And.Contains("refused");
    }
}
