namespace IacCi.Tests.EndToEnd.Credentials;

/// <summary>What is said when profiles, variables or endpoints give no credentials, by the published program.</summary>
[ClassDataSource<FakeSignIn>(Shared = SharedType.PerTestSession)]
internal sealed class WrongProfileTests(FakeSignIn aws)
{
    private const string Config =
        """
        [default]
        region = eu-west-1
        [profile keys]
        region = eu-west-1
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile half]
        region = eu-west-1
        aws_access_key_id = STATIC
        [profile expired]
        region = eu-west-1
        aws_access_key_id = EXPIRED
        aws_secret_access_key = secret
        aws_session_token = old
        [profile nowhere]
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile no-session]
        region = eu-west-1
        sso_session = nobody
        sso_account_id = 123456789012
        sso_role_name = Developer
        [profile no-account]
        region = eu-west-1
        sso_region = eu-west-1
        sso_start_url = https://corp.awsapps.com/start
        sso_role_name = Developer
        [profile no-source]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        source_profile = nobody
        [profile empty-source]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        source_profile = default
        [profile lonely]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        [profile circle]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        source_profile = back
        [profile back]
        role_arn = arn:aws:iam::123456789012:role/deploy
        source_profile = circle
        [profile other-source]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/deploy
        credential_source = Ec3
        [profile denied]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/denied
        source_profile = keys
        [profile mfa]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/mfa
        source_profile = keys
        mfa_serial = arn:aws:iam::123456789012:mfa/me
        [profile process]
        region = eu-west-1
        credential_process = sh -c 'echo sign in first >&2; exit 3'
        [profile no-token]
        region = eu-west-1
        role_arn = arn:aws:iam::123456789012:role/web
        web_identity_token_file = /nowhere/token
        [profile odd-region]
        region = eu west
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile odd-endpoint]
        region = eu-west-1
        endpoint_url = junk
        aws_access_key_id = STATIC
        aws_secret_access_key = secret
        [profile odd-sso]
        region = eu-west-1
        sso_region = !
        sso_start_url = https://corp.awsapps.com/start
        sso_account_id = 123456789012
        sso_role_name = Developer
        [profile login]
        region = eu-west-1
        login_session = arn:aws:iam::123456789012:user/me
        """;

    [Test]
    [Arguments("nobody", "there is no profile 'nobody' (AWS_PROFILE)", "'aws configure list-profiles'")]
    [Arguments("half", "the profile 'half' of CONFIG has aws_access_key_id without aws_secret_access_key", "; add it")]
    [Arguments("expired", "AWS does not accept the credentials of the profile 'expired' of CONFIG for", "ExpiredTokenException: The ")]
    [Arguments("nowhere", "no AWS region is configured; set AWS_REGION", "'region' in the profile 'nowhere' of CONFIG")]
    [Arguments("no-session", "the profile 'no-session' of CONFIG cannot be read", "sso_session [nobody]")]
    [Arguments("no-account", "the profile 'no-account' of CONFIG lacks sso_account_id", "'aws configure sso'")]
    [Arguments("no-source", "there is no profile 'nobody' (source_profile of the profile 'no-source' of CONFIG)", "correct the name")]
    [Arguments("empty-source", "the profile 'default' of CONFIG (source_profile of 'empty-source') holds no credentials", "add some")]
    [Arguments("lonely", "has role_arn, but neither source_profile nor credential_source", "add one")]
    [Arguments("circle", "leads in a circle or too far (circle -> back -> circle)", "credentials of its own")]
    [Arguments("other-source", "is 'Ec3'", "write Environment, Ec2InstanceMetadata or EcsContainer")]
    [Arguments(
        "denied", "no permission to use the role arn:aws:iam::123456789012:role/denied (role_arn of the profile 'denied' of CONFIG)",
        "AccessDenied: you are not authorized to perform: sts:AssumeRole")]
    [Arguments("mfa", "the profile 'mfa' of CONFIG wants a code of 'arn:aws:iam::123456789012:mfa/me'", "no terminal gave one")]
    [Arguments("process", "credential_process of the profile 'process' of CONFIG gives no credentials", "sign in first")]
    [Arguments("no-token", "the token '/nowhere/token' (web_identity_token_file of the profile 'no-token' of CONFIG)", "or renew it")]
    [Arguments("odd-region", "the profile 'odd-region' of CONFIG cannot be read (The specified 'eu west' region", "correct it")]
    [Arguments("odd-sso", "sso_region of the profile 'odd-sso' of CONFIG is '!', which is no region", "eu-central-1")]
    [Arguments("login", "has a session of 'aws login'", "'credential_process = aws configure export-credentials --profile login'")]
    public async Task What_a_profile_lacks_is_one_line_that_names_it(string profile, string what, string remedy)
    {
        using var home = new OperatorHome(aws, Config);
        var ended = await home.StatusAsync(profile);

        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        foreach (var part in new[] { what, remedy })
        {
            await Assert.That(ended.Errors).Contains(part.Replace("CONFIG", $"{home.Folder}/.aws/config", StringComparison.Ordinal));
        }

        await Assert.That(ended.Errors.Count(letter => letter == '\n')).IsEqualTo(1).Because(ended.Errors);
    }

    [Test]
    [Arguments("AWS_ACCESS_KEY_ID=key", 2, "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")]
    [Arguments("AWS_WEB_IDENTITY_TOKEN_FILE=/token", 2, "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not")]
    [Arguments("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://example.com/", 2, "AWS_CONTAINER_CREDENTIALS_FULL_URI names no endpoint")]
    [Arguments("AWS_CONTAINER_CREDENTIALS_FULL_URI=URL/silent", 70, "endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI) gives no")]
    [Arguments("AWS_EC2_METADATA_SERVICE_ENDPOINT=junk", 2, "AWS_EC2_METADATA_SERVICE_ENDPOINT was set with value junk")]
    [Arguments("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=maybe", 2, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is 'maybe'; write true or false")]
    [Arguments("AWS_REGION=here!", 2, "the variable AWS_REGION is 'here!', which is no region")]
    [Arguments("AWS_EC2_METADATA_DISABLED=true", 2, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role")]
    [Arguments("AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:9", 2, "the instance metadata service gives none: http://127.0.0.1:9: ")]
    [Arguments("AWS_EC2_METADATA_SERVICE_ENDPOINT=URL/silent", 2, "/silent: no answer within 4 seconds")]
    public async Task What_variables_and_endpoints_do_not_give_is_told_and_not_waited_for(string variable, int exitCode, string what)
    {
        using var home = new OperatorHome(aws, Config);
        var pair = variable.Split('=');
        home.Variables[pair[0]] = pair[1].Replace("URL", home.Url, StringComparison.Ordinal);
        var ended = await home.StatusAsync(null);

        await Assert.That(ended.ExitCode).IsEqualTo(exitCode).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains(what);
    }

    [Test]
    public async Task An_endpoint_of_a_profile_that_is_no_URL_is_told()
    {
        using var home = new OperatorHome(aws, Config);
        home.Variables["AWS_ENDPOINT_URL"] = null;
        var ended = await home.StatusAsync("odd-endpoint");

        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("not a valid URL: junk").And.Contains("the profile 'odd-endpoint'");
    }

    [Test]
    public async Task What_is_no_code_is_not_sent()
    {
        using var home = new OperatorHome(aws, Config);
        var ended = await home.StatusOnTerminalAsync("mfa", "12\n");

        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Output).Contains("it has 6 digits");
        await Assert.That(home.Calls).IsEmpty();
    }
}
