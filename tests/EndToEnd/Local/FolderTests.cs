using System.Diagnostics;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>Folders that are gone, or may not be written or read.</summary>
internal sealed class FolderTests
{
    private static async Task<Ended> ShellAsync(LocalFixture place, string command)
    {
        var text = command.Replace("PROGRAM", Binary.Require(), StringComparison.Ordinal);
        using var process = new Started(new ProcessStartInfo("bash", ["-c", text]) { WorkingDirectory = place.Path }, "");
        return await process.EndAsync();
    }

    [Test]
    [Arguments("run ../job.json")]
    [Arguments("run --resume x")]
    [Arguments("status")]
    [Arguments("logs x")]
    [Arguments("serve")]
    public async Task In_a_folder_that_was_deleted_it_is_said_so(string command)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("one", "true"));
        var ended = await ShellAsync(place, $"mkdir gone && cd gone && rmdir ../gone && PROGRAM {command}");
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("was deleted").And.DoesNotContain("fault of our own");
    }

    [Test]
    public async Task A_state_folder_that_may_not_be_written_is_read()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("one", "echo said"));
        await place.RunJobAsync("--run-id", "before");
        const string Mounted = "mount --bind $PWD/.iac-ci $PWD/.iac-ci && mount -o remount,ro,bind $PWD/.iac-ci";
        if ((await ShellAsync(place, $"unshare -rm bash -c '{Mounted}'")).ExitCode != 0)
        {
            Skip.Test("this machine does not let a user mount");
        }

        const string Reads = "PROGRAM status before && PROGRAM logs before one && PROGRAM status";
        var ended = await ShellAsync(place, $"unshare -rm bash -c '{Mounted} && {Reads}'");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Output).Contains("succeeded").And.Contains("said");
        var refused = await ShellAsync(place, $"unshare -rm bash -c '{Mounted} && PROGRAM run job.json'");
        await Assert.That(refused.ExitCode).IsEqualTo(2).Because(refused.ToString());
        await Assert.That(refused.Errors).DoesNotContain("remove");
    }

    [Test]
    public async Task A_state_file_that_is_damaged_is_not_to_be_removed()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("one", "true"));
        await place.RunJobAsync();
        place.With(".iac-ci/state.db", new string('x', 10_000));
        var ended = await place.RunAsync("status");
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("keep it aside").And.DoesNotContain("remove");
    }
}
