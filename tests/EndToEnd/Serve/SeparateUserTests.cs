using System.Runtime.InteropServices;

namespace IacCi.Tests.EndToEnd.Serve;

/// <summary>The published program as a server of root that runs orders as a user without rights.</summary>
internal sealed partial class SeparateUserTests
{
    [Test]
    public async Task An_order_of_the_server_is_nobody_and_reads_nothing_of_the_engine()
    {
        Skip.When(EffectiveUser() != 0, "only root starts commands as another user");
        await using var site = new ServerFixture();
        var server = await site.ServeAsync("--run-as", "nobody");

        // The folder of the test is open, so that only what the program itself closes is closed.
        File.SetUnixFileMode(site.Path, (UnixFileMode)0b111_101_101);
        var order = site.Order(
            "a",
            "id -un; id -G | wc -w; until [ -e $SITE/go ]; do sleep 0.05; done\n"
            + "for file in $SITE/paths $(cat $SITE/paths); do\n"
            + "if cat $file > copy 2> /dev/null; then echo read $file; else echo shut $file; fi; done\n"
            + "env");
        var run = Path.GetFileName(site.Path);
        var (status, answer) = await site.PostAsync(server, ServerFixture.Body(ServerFixture.Job(order), run));
        await Assert.That(status).IsEqualTo(200).Because(answer);
        string[] keys = [];
        await ServerFixture.UntilAsync(() => (keys = Keys(run)).Length > 0, "the run has its key");
        string[] closed = [site[".iac-ci/state.db"], $"/proc/{server.Pid}/environ", .. keys];
        foreach (var file in closed)
        {
            await Assert.That((await File.ReadAllBytesAsync(file)).Length).IsGreaterThan(0).Because(file);
        }

        await File.WriteAllLinesAsync(site["paths"], closed);
        site.Go();

        await Assert.That(ServerFixture.Of(await site.UntilFinalAsync(run), "a")).IsEqualTo("succeeded");
        var log = (await ServerFixture.EndAsync(site.Start("logs", run))).Output;
        await Assert.That(log).Contains("nobody\n1\n").And.DoesNotContain(ServerFixture.Secret);
        var tried = log.Split('\n').Where(
            line => line.StartsWith("read ", StringComparison.Ordinal) || line.StartsWith("shut ", StringComparison.Ordinal));
        await Assert.That(tried).IsEquivalentTo([$"read {site["paths"]}", .. closed.Select(file => $"shut {file}")]);
    }

    /// <summary>The files of keys of a run.</summary>
    private static string[] Keys(string run)
    {
        var folder = $"/dev/shm/iac-ci-{Environment.UserName}";
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + run) : [];
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
