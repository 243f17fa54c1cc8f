namespace IacCi.Tests.EndToEnd.Credentials;

/// <summary>The usual profiles and places of credentials, in the published program.</summary>
[ClassDataSource<FakeSignIn>(Shared = SharedType.PerTestSession)]
internal sealed class ProfileTests(FakeSignIn aws)
{
    private const string Config =
        """
        [default]
        region = eu-west-1
        [profile keys]
        region = eu-central-1
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile own-role]
        region = eu-central-1
        role_arn = arn:aws:iam::123456789012:role/own
        source_profile = own-role
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile role]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/first
        source_profile = keys
        external_id = outside
        role_session_name = me
        [profile second-role]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/second
        source_profile = role
        [profile of-variables]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/variables
        credential_source = Environment
        [profile of-container]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/container
        credential_source = EcsContainer
        [profile of-instance]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/instance
        credential_source = Ec2InstanceMetadata
        [profile process]
        region = eu-north-1
        credential_process = printf '{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"s","SessionToken":"t"}'
        [profile web]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/web
        web_identity_token_file = HOME/token
        [profile mfa]
        region = eu-north-1
        role_arn = arn:aws:iam::123456789012:role/mfa
        source_profile = keys
        mfa_serial = arn:aws:iam::123456789012:mfa/me
        """;

    [Test]
    [Arguments("keys", "", "eu-central-1 Query:STATIC")]
    [Arguments("own-role", "", "eu-central-1 AssumeRole:STATIC Query:ROLE-own")]
    [Arguments("role", "", "eu-north-1 AssumeRole:STATIC Query:ROLE-first")]
    [Arguments("second-role", "", "eu-north-1 AssumeRole:STATIC AssumeRole:ROLE-first Query:ROLE-second")]
    [Arguments("process", "", "eu-north-1 Query:PROCESS")]
    [Arguments("web", "", "eu-north-1 AssumeRoleWithWebIdentity: Query:ROLE-web")]
    [Arguments("of-instance", "", "eu-north-1 AssumeRole:INSTANCE Query:ROLE-instance")]
    [Arguments("of-container", "AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/container", "eu-north-1 AssumeRole:CONTAINER Query:ROLE-container")]
    [Arguments(null, "AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/container", "eu-west-1 Query:CONTAINER")]
    [Arguments(null, "", "eu-west-1 Query:INSTANCE")]
    [Arguments(null, "AWS_DEFAULT_REGION=eu-south-1", "eu-south-1 Query:INSTANCE")]
    [Arguments("keys", "AWS_DEFAULT_REGION=eu-south-1 AWS_REGION=eu-south-2", "eu-south-2 Query:STATIC")]
    [Arguments(
        null, "AWS_ROLE_ARN=arn:aws:iam::123456789012:role/pod AWS_WEB_IDENTITY_TOKEN_FILE=HOME/token",
        "eu-west-1 AssumeRoleWithWebIdentity: Query:ROLE-pod")]
    [Arguments("keys", "AWS_ACCESS_KEY_ID=VARIABLE AWS_SECRET_ACCESS_KEY=s", "eu-central-1 Query:VARIABLE")]
    [Arguments(
        "of-variables", "AWS_SHARED_CREDENTIALS_FILE=/nowhere AWS_ACCESS_KEY_ID=VARIABLE AWS_SECRET_ACCESS_KEY=s",
        "eu-north-1 Query:VARIABLE")]
    public async Task Credentials_and_region_are_found(string? profile, string variables, string wanted)
    {
        using var home = Home(variables);
        var ended = await home.StatusAsync(profile);

        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        var calls = home.Calls.Where(call => call.What is "Query" || call.What.StartsWith("Assume", StringComparison.Ordinal)).ToList();
        await Assert.That(string.Join(' ', calls.Select(call => $"{call.What}:{call.Key}").Prepend(calls[^1].Region))).IsEqualTo(wanted);
    }

    [Test]
    public async Task A_role_gets_what_its_profile_says()
    {
        using var home = Home("");
        await home.StatusAsync("role");
        var asked = home.Calls.First(call => call.What == "AssumeRole").Values;
        await Assert.That((asked["ExternalId"], asked["RoleSessionName"])).IsEqualTo(("outside", "me"));
        await home.StatusAsync("web");
        await Assert.That(home.Calls.Single(call => call.What == "AssumeRoleWithWebIdentity").Values["WebIdentityToken"]).IsEqualTo("jwt");
    }

    [Test]
    public async Task An_instance_is_asked_by_version_2_of_its_metadata_service()
    {
        using var home = Home("");
        await home.StatusAsync(null);
        await Assert.That(home.Calls[0].What).IsEqualTo("/latest/api/token");
    }

    [Test]
    public async Task A_code_is_asked_for_on_the_terminal()
    {
        using var home = Home("");
        var ended = await home.StatusOnTerminalAsync("mfa", "123456\n");

        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Output).Contains("MFA code of arn:aws:iam::123456789012:mfa/me: ");
        var asked = home.Calls.Single(call => call.What == "AssumeRole").Values;
        await Assert.That((asked["SerialNumber"], asked["TokenCode"])).IsEqualTo(("arn:aws:iam::123456789012:mfa/me", "123456"));
    }

    private OperatorHome Home(string variables)
    {
        var home = new OperatorHome(aws, "");
        File.WriteAllText(Path.Join(home.Folder, ".aws", "config"), Config.Replace("HOME", home.Folder, StringComparison.Ordinal));
        File.WriteAllText(Path.Join(home.Folder, "token"), "jwt\n");
        foreach (var pair in variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')))
        {
            home.Variables[pair[0]] = pair[1]
                .Replace("URL", home.Url, StringComparison.Ordinal).Replace("HOME", home.Folder, StringComparison.Ordinal);
        }

        return home;
    }
}
