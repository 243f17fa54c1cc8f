using System.Diagnostics;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>A machine that is short of something: fewer orders run side by side, and none fails because of it.</summary>
internal sealed class ScarceResourceTests
{
    private static Task<Ended> LimitedAsync(LocalFixture place, string limits, string arguments) =>
        ShellAsync(place, $"{limits}; exec {Binary.Require()} {arguments}");

    private static async Task<Ended> ShellAsync(LocalFixture place, string command)
    {
        var info = new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = place.Path };
        using var process = new Started(info, "");
        return await process.EndAsync();
    }

    [Test]
    [Arguments("ulimit -n 1024", 300, 400)]
    [Arguments("ulimit -n 96", 40, 40)]
    public async Task Orders_that_do_not_fit_into_the_descriptors_wait_for_those_that_do(string limits, int orders, int parallel)
    {
        var quick = Enumerable.Range(0, orders).Select(i => LocalFixture.Order($"o{i}", "sleep 0.05; echo x >> $OUT"));
        using var place = new LocalFixture().WithOrders(quick);
        var ended = await LimitedAsync(place, limits, $"run job.json -o json --parallel {parallel}");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(place.Lines().Count).IsEqualTo(orders);
        await Assert.That(ended.Errors).Contains($"instead of {parallel}: this process may have");
    }

    [Test]
    [Arguments("ulimit -u 8", "games")]
    [Arguments("ulimit -u 20", "man")]
    [Arguments("ulimit -u 60", "lp")]
    public async Task A_user_who_may_start_few_processes_gets_the_run_or_a_sentence(string limits, string user)
    {
        // The system counts all processes of a user: each case has one of its own.
        Skip.Unless(Environment.IsPrivilegedProcess, "only root can start it as another user");
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo x"), LocalFixture.Order("b", "echo y"));
        File.Copy(Binary.Require(), place["program"]);
        Unit.Code.TempFolder.Run("chown", "-R", user, place.Path);
        var ended = await ShellAsync(
            place, $"{limits}; exec setpriv --reuid {user} --regid 65534 --clear-groups ./program run job.json --parallel 2");
        await Assert.That(ended.ExitCode is 0 or 1).IsTrue().Because(ended.ToString());
        await Assert.That(ended.Errors).DoesNotContain("fault of our own").And.DoesNotContain("   at ");
        if (ended.ExitCode == 0)
        {
            await Assert.That(ended.Output).Contains("2 succeeded").Because(ended.ToString());
        }
        else
        {
            await Assert.That(ended.Errors).StartsWith("iac-ci: ").And.Contains("ulimit");
        }
    }

    [Test]
    [Arguments("mount -t tmpfs -o size=4k tmpfs /dev/shm && head -c 4096 /dev/zero > /dev/shm/full")]
    [Arguments("mount -t tmpfs -o ro tmpfs /dev/shm")]
    public async Task A_run_whose_key_has_no_place_in_memory_does_not_begin_and_says_where_room_is_needed(string mount)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo x >> $OUT"));
        using var process = new Started(
            new ProcessStartInfo(
                "unshare",
                ["-m", "bash", "-c", $"{mount} || exit 99; exec {Binary.Require()} run job.json"])
            { WorkingDirectory = place.Path }, "");
        var ended = await process.EndAsync();
        Skip.When(
            ended.ExitCode == 99 || ended.Errors.StartsWith("unshare:", StringComparison.Ordinal), "no file system can be mounted here");
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("cannot be kept in /dev/shm/").And.Contains("make room there, or make it writable");
        await Assert.That(place.Lines()).IsEmpty();
    }

    [Test]
    public async Task An_order_that_may_write_small_files_alone_fails_and_the_others_go_on()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("small", "ulimit -f 1; head -c 100000 /dev/zero > large"),
            LocalFixture.Order("other", "head -c 100000 /dev/zero | wc -c >> $OUT"));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That(run.Of("small")).StartsWith("failed command_failed");
        await Assert.That((run.Of("other"), place.Lines()[0])).IsEqualTo(("succeeded", "100000"));
    }

    [Test]
    [Arguments("ulimit -f 1")]
    [Arguments("ulimit -f 100")]
    [Arguments("ulimit -f 16000")]
    public async Task An_engine_that_may_write_small_files_alone_says_so_and_starts_nothing(string limits)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo x >> $OUT"));
        var ended = await LimitedAsync(place, limits, "run job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That(ended.Errors).StartsWith("iac-ci: no file of this process may be larger than").And.Contains("ulimit -f");
        await Assert.That(place.Lines()).IsEmpty();
    }

    [Test]
    public async Task A_file_that_may_not_grow_is_an_error_and_not_the_end_by_a_signal()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        var ended = await ShellAsync(place, $"ulimit -f 1; {Binary.Require()} schema > schema.json");
        await Assert.That(ended.ExitCode).IsEqualTo(70).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("the result cannot be written to standard output");
    }

    [Test]
    public async Task Commands_may_write_what_the_engine_was_allowed_to_and_end_by_the_signal()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "ulimit -f 1; trap - XFSZ; sh -c 'head -c 100000 /dev/zero > large'; echo $? >> $OUT"));
        await Assert.That((await LimitedAsync(place, "ulimit -f 20000", "run job.json")).ExitCode).IsEqualTo(0);
        await Assert.That(place.Lines()).IsEquivalentTo(["153"]);
    }

    [Test]
    public async Task Commands_get_the_soft_limit_that_the_program_was_started_with()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("limit", "sleep 0.1; ulimit -Sn >> $OUT"));
        var ended = await LimitedAsync(place, "ulimit -Sn 333", "run job.json --parallel 90");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Errors).DoesNotContain("instead of");
        await Assert.That(place.Lines()).IsEquivalentTo(["333"]);
    }
}
