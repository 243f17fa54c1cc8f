using System.Net;
using System.Net.Sockets;
using System.Text;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

internal sealed class GitCredentialsTests
{
    private const string Token = "ghp_Secret0123456789";
    private static readonly string Basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("x-access-token:" + Token));

    [Test]
    public async Task A_token_is_a_header_for_its_own_host_and_a_refused_one_is_not_repeated()
    {
        await using var server = new RecordingServer(_ => $"401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"{Token}\"");
        var error = await Fails(server, Token);
        await Assert.That(
            server.Requests.All(request => request.Contains($"Authorization: Basic {Basic}", StringComparison.OrdinalIgnoreCase)))
            .IsTrue();
        await Assert.That(server.Requests.All(request => !request.Split('\n')[0].Contains("Secret", StringComparison.Ordinal))).IsTrue();
        await Assert.That(server.Requests.Count).IsGreaterThan(0);
        await Assert.That(error).Contains("git_token_location").And.DoesNotContain(Token).And.DoesNotContain(Basic);
    }

    [Test]
    public async Task What_a_server_says_is_shown_without_the_token()
    {
        await using var server = new RecordingServer(_ => $"500 {Token}");
        await Assert.That(await Fails(server, Token)).DoesNotContain(Token);
    }

    [Test]
    public async Task Without_a_token_no_header_is_sent_and_one_is_asked_for()
    {
        await using var server = new RecordingServer(_ => "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"");
        await Assert.That(await Fails(server, null)).Contains("git_token_location");
        await Assert.That(string.Concat(server.Requests)).DoesNotContain("Authorization: Basic");
    }

    [Test]
    public async Task A_token_that_would_be_two_headers_is_refused()
    {
        await using var server = new RecordingServer(_ => "404 Not Found");
        await Assert.That(await Fails(server, "abc\r\nX-Evil: 1")).Contains("is not one").And.DoesNotContain("Evil");
        await Assert.That(server.Requests).IsEmpty();
    }

    [Test]
    public async Task Credentials_do_not_show_themselves()
    {
        var request = new CodeRequest.Repository("a/b", null, null, new GitCredentials(Token, "-----BEGIN PRIVATE KEY-----"));
        await Assert.That(request.ToString()).DoesNotContain(Token).And.DoesNotContain("BEGIN");
    }

    [Test]
    public async Task Messages_lose_secrets_users_and_control_characters() =>
        await Assert.That(GitMessage.Clean("fatal: s3cret at https://u:p@h/x\n\u001b[31mred\n", ["s3cret"]))
            .IsEqualTo("fatal: *** at https://***@h/x | ?[31mred");

    [Test]
    public async Task Git_gets_nothing_of_our_environment_that_could_run_or_redirect_it()
    {
        var ours = new Dictionary<string, string?>
        {
            ["PATH"] = "/bin",
            ["https_proxy"] = "p",
            ["GIT_DIR"] = "/x",
            ["GIT_SSH_COMMAND"] = "evil",
            ["GIT_CONFIG_PARAMETERS"] = "'a.b'='c'",
            ["AWS_SECRET_ACCESS_KEY"] = "k",
        };
        var names = GitEnvironment.Of(ours, new GitCall(["x"], TimeSpan.FromSeconds(1))).Keys;
        await Assert.That(names)
            .Contains("PATH").And.Contains("https_proxy").And.DoesNotContain("GIT_DIR").And.DoesNotContain("GIT_SSH_COMMAND")
            .And.DoesNotContain("GIT_CONFIG_PARAMETERS").And.DoesNotContain("AWS_SECRET_ACCESS_KEY");
    }

    [Test]
    public async Task An_ssh_key_is_held_by_an_agent_and_is_never_in_a_file()
    {
        using var folder = new TempFolder();
        TempFolder.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test-key", "-f", folder["key"]);
        var key = File.ReadAllText(folder["key"]);
        File.Delete(folder["key"]);
        var agent = await SshAgent.StartAsync(key, folder.Path, TimeProvider.System, default);
        await Assert.That(TempFolder.Run("env", $"SSH_AUTH_SOCK={agent.Socket}", "ssh-add", "-l")).Contains("test-key");
        await Assert.That(Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file))).IsEquivalentTo(["agent", "key.pub"]);
        agent.Dispose();
        await Assert.That(() => TempFolder.Run("env", $"SSH_AUTH_SOCK={agent.Socket}", "ssh-add", "-l"))
            .Throws<InvalidOperationException>();
    }

    [Test]
    [Arguments("not a key")]
    [Arguments("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")]
    public async Task A_broken_ssh_key_is_said_without_being_shown(string key)
    {
        using var folder = new TempFolder();
        var error = await Assert.That(async () => await SshAgent.StartAsync(key, folder.Path, TimeProvider.System, default))
            .Throws<UserException>();
        await Assert.That(error!.Message).Contains("git_ssh_key_location").And.DoesNotContain("AAAA");
    }

    [Test]
    public async Task A_git_that_hangs_is_ended()
    {
        using var folder = new TempFolder();
        folder.With("git", "#!/bin/sh\nsleep 600 & sleep 600\n");
        TempFolder.Run("chmod", "755", folder["git"]);
        var git = new GitProcess(TimeProvider.System, folder["git"]);
        await Assert.That(async () => await git.RunAsync(new GitCall(["fetch"], TimeSpan.FromMilliseconds(50)), default))
            .Throws<UserException>().WithMessageContaining("took longer");
    }

    [Test]
    public async Task A_git_that_floods_is_bounded()
    {
        using var folder = new TempFolder();
        folder.With("git", "#!/bin/sh\nhead -c 300000 /dev/zero >&2\nhead -c 300000 /dev/zero\n");
        TempFolder.Run("chmod", "755", folder["git"]);
        var git = new GitProcess(TimeProvider.System, folder["git"]);
        await Assert.That(async () => await git.RunAsync(new GitCall(["ls-tree"], TimeSpan.FromSeconds(30)), default))
            .Throws<UserException>().WithMessageContaining("more than 65,536 bytes");
    }

    [Test]
    public async Task A_missing_git_says_so() =>
        await Assert.That(
            async () =>
                await new GitProcess(TimeProvider.System, "/nowhere/git").RunAsync(new GitCall(["x"], TimeSpan.FromSeconds(1)), default))
            .Throws<UserException>().WithMessageContaining("git is not installed");

    private static async Task<string> Fails(RecordingServer server, string? token)
    {
        using var sources = new CodeSources(new GitOptions { BaseUrl = $"http://127.0.0.1:{server.Port}" }, TimeProvider.System);
        var request = new CodeRequest.Repository("acme/infra", null, null, new GitCredentials(token));
        var error = await Assert.That(async () => await sources.ReadAsync(request, default)).Throws<UserException>();
        return error!.Message;
    }

    /// <summary>Answers every request with the same status and keeps what it was asked.</summary>
    private sealed class RecordingServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Task serving;

        public RecordingServer(Func<string, string> answer)
        {
            listener.Start();
            serving = ServeAsync(answer);
        }

        public List<string> Requests { get; } = [];

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public async ValueTask DisposeAsync()
        {
            listener.Stop();
            await serving;
        }

        private async Task ServeAsync(Func<string, string> answer)
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    await AnswerAsync(client.GetStream(), answer);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Stopped.
            }
        }

        private async Task AnswerAsync(NetworkStream stream, Func<string, string> answer)
        {
            var text = new StringBuilder();
            var block = new byte[4096];
            while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                var read = await stream.ReadAsync(block);
                if (read == 0)
                {
                    return;
                }

                text.Append(Encoding.ASCII.GetString(block, 0, read));
            }

            Requests.Add(text.ToString());
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"HTTP/1.1 {answer(text.ToString().Split('\r')[0])}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        }
    }
}
