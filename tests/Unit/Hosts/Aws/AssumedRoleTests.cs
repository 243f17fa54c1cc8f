using System.Globalization;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Credentials;
using IacCi.Core.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Time.Testing;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>Credentials of a role, against a server that plays STS.</summary>
internal sealed class AssumedRoleTests
{
    private const string Role = "arn:aws:iam::123456789012:role/reader";

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider clock = new(Start);

    [Test]
    public async Task A_role_is_taken_on_with_a_signed_call_of_the_query_protocol()
    {
        await using var server = await RecordingServer.StartAsync((200, Answer("A", 15)));
        using var clients = ClientsAt(server.Url);
        var credentials = await AssumedRole.Reader(() => clients.SecurityToken, Role, clock).GetCredentialsAsync();

        await Assert.That((credentials.AccessKey, credentials.SecretKey, credentials.Token)).IsEqualTo(("KEY-A", "SECRET-A", "TOKEN-A"));
        var sent = server.Requests.Single();
        await Assert.That(sent.Method + " " + sent.Path).IsEqualTo("POST /");
        await Assert.That(sent.Headers["Authorization"]).Contains("/eu-central-1/sts/aws4_request");
        var form = QueryHelpers.ParseQuery(sent.Body);
        await Assert.That(form["Action"].ToString()).IsEqualTo("AssumeRole");
        await Assert.That(form["Version"].ToString()).IsEqualTo("2011-06-15");
        await Assert.That(form["RoleArn"].ToString()).IsEqualTo(Role);
        await Assert.That(form["DurationSeconds"].ToString()).IsEqualTo("900");
    }

    [Test]
    public async Task Of_twenty_who_need_it_at_once_one_asks()
    {
        await using var server = await RecordingServer.StartAsync((200, Answer("A", 15)));
        using var clients = ClientsAt(server.Url);
        var role = AssumedRole.Reader(() => clients.SecurityToken, Role, clock);

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(role.GetCredentialsAsync)));

        await Assert.That(all.Select(one => one.AccessKey).Distinct()).IsEquivalentTo(["KEY-A"]);
        await Assert.That(server.Requests.Count).IsEqualTo(1);
    }

    [Test]
    public async Task It_is_taken_on_again_before_the_session_ends_and_not_earlier()
    {
        await using var server = await RecordingServer.StartAsync((200, Answer("A", 15)), (200, Answer("B", 30)));
        using var clients = ClientsAt(server.Url);
        var role = AssumedRole.Reader(() => clients.SecurityToken, Role, clock);

        await role.GetCredentialsAsync();
        clock.Advance(TimeSpan.FromMinutes(9));
        await Assert.That((await role.GetCredentialsAsync()).AccessKey).IsEqualTo("KEY-A");
        clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.That((await role.GetCredentialsAsync()).AccessKey).IsEqualTo("KEY-B");
    }

    [Test]
    public async Task A_session_is_used_to_its_end_when_it_cannot_be_renewed_and_no_longer()
    {
        await using var server = await RecordingServer.StartAsync((200, Answer("A", 15)), (403, Denied));
        using var clients = ClientsAt(server.Url);
        var role = AssumedRole.Reader(() => clients.SecurityToken, Role, clock);

        await role.GetCredentialsAsync();
        clock.Advance(TimeSpan.FromMinutes(14));
        await Assert.That((await role.GetCredentialsAsync()).AccessKey).IsEqualTo("KEY-A");
        clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.That(async () => await role.GetCredentialsAsync()).Throws<UserException>();
    }

    [Test]
    [Arguments("aws:::ssm:/x")]
    [Arguments("aws:::secretd:x")]
    public async Task A_role_that_may_not_be_taken_on_is_named_by_whoever_wanted_to_read(string text)
    {
        await using var server = await RecordingServer.StartAsync((403, Denied));
        using var clients = ClientsAt(server.Url);
        using var readers = new AwsClients(
            name => name switch { "AWS_ENDPOINT_URL" => server.Url, "AWS_REGION" => "eu-central-1", _ => null },
            AssumedRole.Reader(() => clients.SecurityToken, Role, clock));
        var secrets = new AwsSecrets(() => readers.Ssm, () => readers.SecretsManager);

        var denied = await Assert.That(async () => await secrets.ReadAsync(SecretTests.Located(text), None)).Throws<UserException>();

        await Assert.That(denied!.Message)
            .Contains($"no permission to use the role {Role} (IAC_CI_READER_ROLE): allow sts:AssumeRole on it");
        await Assert.That(denied.Message).Contains("AccessDenied: webhook is not authorized");
    }

    [Test]
    [Arguments("reader")]
    [Arguments("arn:aws:iam::123456789012:user/reader")]
    [Arguments("arn:aws:iam::123456789012:role/")]
    public async Task What_is_no_arn_of_a_role_is_refused(string wrong)
    {
        var settings = new AwsSettings(name => name == "IAC_CI_READER_ROLE" ? wrong : null);
        var refused = await Assert.That(() => settings.ReaderRole).Throws<UserException>();
        await Assert.That(refused!.Message).Contains("IAC_CI_READER_ROLE").And.Contains("arn:aws:iam::123456789012:role/iac-ci-reader");
    }

    private const string Denied =
        """
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
        <Message>webhook is not authorized</Message></Error><RequestId>r</RequestId></ErrorResponse>
        """;

    private static string Answer(string name, int minutes) => $"""
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>KEY-{name}</AccessKeyId><SecretAccessKey>SECRET-{name}</SecretAccessKey><SessionToken>TOKEN-{name}</SessionToken>
        <Expiration>{Start.AddMinutes(minutes).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>
        """;
}
