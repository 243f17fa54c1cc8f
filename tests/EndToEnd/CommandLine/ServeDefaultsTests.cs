using System.Net;
using System.Net.Sockets;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.CommandLine;

/// <summary><c>iac-ci serve</c> without an option: at the address that its help names.</summary>
[NotInParallel("port 8080")]
internal sealed class ServeDefaultsTests
{
    private const string Taken =
        "iac-ci: cannot listen on 127.0.0.1:8080: another program listens on this port; choose another with --listen";

    [Test]
    public async Task It_listens_at_the_address_of_its_help_and_stops_when_it_is_asked_to()
    {
        using var place = new LocalFixture();
        await Assert.That((await place.RunAsync("serve", "--help")).Output).Contains("[default: 127.0.0.1:8080]");
        var server = place.Start("", ["serve"]);
        await LocalFixture.UntilAsync(
            () => server.HasExited || server.ErrorsSoFar.Contains("listening on", StringComparison.Ordinal), "the server listens, or ends");
        var listens = !server.HasExited;
        server.Signal(Started.Terminate);
        var ended = await server.EndAsync();

        // A program that is not ours may have the port; then the server says so.
        await Assert.That(
            (ended.ExitCode, ended.Errors.Contains(listens ? "listening on http://127.0.0.1:8080" : Taken, StringComparison.Ordinal)))
            .IsEqualTo((listens ? 0 : 2, true)).Because(ended.ToString());
    }

    [Test]
    public async Task It_says_so_when_another_program_has_the_port()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            other.Bind(new IPEndPoint(IPAddress.Loopback, 8080));
            other.Listen();
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // Somebody has it already: that serves as well.
        }

        using var place = new LocalFixture();
        var ended = await place.RunAsync("serve");
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains(Taken);
    }
}
