using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Worker;

internal sealed class CommandRunnerTests
{
    [Test]
    public async Task Commands_run_in_turn_in_the_folder_and_both_outputs_are_one_stream()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("echo one; echo two >&2; pwd", "echo three");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(end.ExitCode).IsEqualTo(0);
        await Assert.That(bench.Output.Text).IsEqualTo($"one\ntwo\n{bench.Code}\nthree\n");
    }

    [Test]
    public async Task The_first_command_that_fails_ends_the_order_with_its_exit_code()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("echo one", "exit 7", "echo never");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(end.ExitCode).IsEqualTo(7);
        await Assert.That(end.FailureReason).IsEqualTo("command_failed: exit code 7 of command 2 of 3");
        await Assert.That(bench.Output.Text).IsEqualTo("one\n");
    }

    [Test]
    public async Task A_command_ended_by_a_signal_has_the_exit_code_that_a_shell_shows()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("kill -9 $$");
        await Assert.That(end.ExitCode).IsEqualTo(137);
    }

    [Test]
    public async Task The_list_is_run_again_after_a_failure_and_the_log_says_so()
    {
        using var bench = new WorkerFixture { Retries = 3 };
        var end = await bench.RunAsync("echo x >> tries", "echo try $(wc -l < tries)", "test $(wc -l < tries) -eq 3");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(bench.Output.Text)
            .Contains("iac-ci: attempt 2 of 4").And.Contains("iac-ci: attempt 3 of 4").And.Contains("try 3");
        await Assert.That(bench.Output.Text).DoesNotContain("attempt 4 of 4");
    }

    [Test]
    public async Task After_the_last_repetition_the_order_has_failed()
    {
        using var bench = new WorkerFixture { Retries = 1 };
        var end = await bench.RunAsync("echo run; false");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(bench.Output.Text.Split("run\n").Length).IsEqualTo(3);
    }

    [Test]
    public async Task Commands_get_the_given_environment_and_nothing_else()
    {
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY_OF_THE_TEST", "ours");
        using var bench = new WorkerFixture();
        bench.Variables["GREETING"] = "hello = wörld";
        await bench.RunAsync("env | sort");
        var names = bench.Output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]);
        await Assert.That(string.Join(' ', names.Order(StringComparer.Ordinal))).IsEqualTo("GREETING IAC_CI_EVENTS_DIR PATH PWD");
        await Assert.That(bench.Output.Text).Contains("GREETING=hello = wörld\n");
    }

    [Test]
    public async Task Commands_inherit_no_descriptor_no_blocked_and_no_ignored_signal()
    {
        using var open = File.OpenRead("/etc/passwd");
        using var bench = new WorkerFixture();
        await bench.RunAsync("exec ls /proc/self/fd", "exec grep -E 'Sig(Blk|Ign)' /proc/self/status");

        // 3 is the folder that ls itself reads.
        await Assert.That(bench.Output.Text).StartsWith("0\n1\n2\n3\nSig");

        // Signals 32 and 33 are glibc's own (signal(7)).
        await Assert.That(bench.Output.Text).Contains("SigBlk:\t0000000000000000").And.Contains("SigIgn:\t0000000180000000");
    }

    [Test]
    public async Task Each_command_leads_a_session_of_its_own_and_has_nothing_on_standard_input()
    {
        using var bench = new WorkerFixture();
        await bench.RunAsync(
            "cut -d' ' -f1,5,6 /proc/$$/stat > ids; read -r pid group session < ids; test $pid = $group && test $pid = $session && echo " +
                "own; cat; echo end");
        await Assert.That(bench.Output.Text).IsEqualTo("own\nend\n");
    }

    [Test]
    public async Task A_folder_that_is_gone_is_a_failure_that_names_it()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("rm -r \"$PWD\"", "echo never");
        Directory.CreateDirectory(bench.Code);
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(end.FailureReason).IsEqualTo($"start_failed: /bin/sh in {bench.Code}: No such file or directory");
    }

    [Test]
    public async Task A_command_too_long_for_the_system_is_a_failure()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync(": " + new string('x', 200_000));
        await Assert.That(end.FailureReason).Contains("Argument list too long");
    }

    [Test]
    public async Task A_background_process_serves_the_commands_after_it_and_dies_with_the_order()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("sleep 1000 > /dev/null 2>&1 & echo $! > pid", "kill -0 $(cat pid) && echo alive");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(bench.Output.Text).IsEqualTo("alive\n");
        await Assert.That(await Processes.IsGone(File.ReadAllText(Path.Join(bench.Code, "pid")))).IsTrue();
    }

    [Test]
    public async Task What_a_reader_of_the_output_writes_after_the_shell_has_ended_is_still_read()
    {
        using var bench = new WorkerFixture();
        await bench.RunAsync("mkfifo fed; (cat fed; echo late) & exec 3> fed; echo early");
        await Assert.That(bench.Output.Text).IsEqualTo("early\nlate\n");
    }

    [Test]
    public async Task Events_are_collected()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync(
            """echo '{"b": 1}' > "$IAC_CI_EVENTS_DIR/2.json"; echo '{"a": 1}' > "$IAC_CI_EVENTS_DIR/1.json"; echo no > "$IAC_CI_EVENTS_DIR/3.json" """);
        await Assert.That(string.Join('|', end.Events.Select(text => text.Trim()))).IsEqualTo("""{"a": 1}|{"b": 1}""");
        await Assert.That(bench.Output.Text).Contains("iac-ci: the event file 3.json is left out");
    }
}
