using IacCi.Core.Model;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;
using IacCi.Tests.EndToEnd.Local;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Worker;

internal sealed class HostileCommandTests
{
    [Test]
    public async Task A_flood_is_read_to_its_end_without_being_kept()
    {
        using var bench = new WorkerFixture();
        var sink = new CountingSink();
        var end = await new CommandRunner(TimeProvider.System).RunAsync(
            new CommandList
            {
                Commands = ["head -c 100000000 /dev/zero"],
                Environment = bench.Variables,
                Folder = bench.Code,
                EventsFolder = bench.Events,
                Timeout = bench.Timeout,
            },
            sink,
            CancellationToken.None,
            CancellationToken.None);
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(sink.Total).IsEqualTo(100_000_000);
    }

    [Test]
    public async Task A_flood_without_end_stops_at_the_deadline()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30) };
        var sink = new FirstWrite();
        var running = new CommandRunner(clock).RunAsync(
            new CommandList
            {
                Commands = ["yes"],
                Environment = bench.Variables,
                Folder = bench.Code,
                EventsFolder = bench.Events,
                Timeout = bench.Timeout,
            },
            sink,
            CancellationToken.None,
            CancellationToken.None);
        await sink.Came;
        clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.That((await running).Status).IsEqualTo(OrderStatus.TimedOut);
    }

    [Test]
    public async Task At_the_deadline_the_whole_group_is_asked_to_end_and_may_say_good_bye()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30) };
        var running = bench.RunAsync(
            "sh -c 'trap \"echo unlocking; touch unlocked; echo unlocked; exit 1\" INT; echo ready; while :; do sleep 0.05; done'; echo never",
            "echo never");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        var end = await running;
        await Assert.That(end.Status).IsEqualTo(OrderStatus.TimedOut);
        await Assert.That(end.FailureReason).IsEqualTo("timeout: not done within 30 s");
        await Assert.That(bench.Output.Text).Contains("unlocked").And.DoesNotContain("never");
        await Assert.That(File.Exists(Path.Join(bench.Code, "unlocked"))).IsTrue();
    }

    [Test]
    public async Task What_ignores_the_request_is_killed_after_the_grace()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30) };
        var running = bench.RunAsync("trap 'echo no' INT; echo $$ > pid; echo ready; while :; do sleep 0.05; done");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        await bench.Output.Saw("no\n");
        await Assert.That(running.IsCompleted).IsFalse();
        clock.Advance(TimeSpan.FromSeconds(StopPolicy.DefaultGraceSeconds));
        await Assert.That((await running).Status).IsEqualTo(OrderStatus.TimedOut);
        await Assert.That(await Processes.IsGone(File.ReadAllText(Path.Join(bench.Code, "pid")))).IsTrue();
    }

    [Test]
    [Arguments(StopSignal.Interrupt, "INT")]
    [Arguments(StopSignal.Terminate, "TERM")]
    public async Task Each_process_gets_the_signal_that_the_order_names_and_gets_it_once(StopSignal signal, string name)
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30), Stop = new StopPolicy(signal, 100) };
        const string Counting =
            "trap 'echo INT >> $F' INT; trap 'echo TERM >> $F' TERM; touch $F; while ! test -e over; do sleep 0.02; done";
        string[] files = [Path.Join(bench.Code, "left"), Path.Join(bench.Code, "right")];
        var running = bench.RunAsync($"{{ F=left; {Counting}; }} | {{ F=right; {Counting}; }}");
        await LocalFixture.UntilAsync(() => files.All(File.Exists), "both listen");
        clock.Advance(TimeSpan.FromSeconds(30));
        await LocalFixture.UntilAsync(() => files.All(file => new FileInfo(file).Length > 0), "both heard it");
        clock.Advance(TimeSpan.FromSeconds(99));
        File.WriteAllText(Path.Join(bench.Code, "over"), "");
        await running;
        await Assert.That(files.Select(File.ReadAllText)).IsEquivalentTo([name + "\n", name + "\n"]);
    }

    [Test]
    public async Task Commands_that_all_end_well_in_spite_of_a_stop_have_succeeded()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30) };
        var running = bench.RunAsync("true", "trap 'echo finishing; exit 0' INT; echo ready; while :; do sleep 0.05; done");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        var end = await running;
        await Assert.That((end.Status, end.ExitCode, end.FailureReason)).IsEqualTo((OrderStatus.Succeeded, 0, null));
        await Assert.That(bench.Output.Text).Contains("finishing");
    }

    [Test]
    public async Task A_command_that_ends_well_after_a_stop_is_not_followed_by_the_next()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30), Retries = 3 };
        var running = bench.RunAsync("trap 'exit 0' INT; echo ready; while :; do sleep 0.05; done", "echo never");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.That((await running).Status).IsEqualTo(OrderStatus.TimedOut);
        await Assert.That(bench.Output.Text).DoesNotContain("never").And.DoesNotContain("attempt");
    }

    [Test]
    public async Task Who_does_not_want_to_wait_for_the_grace_kills()
    {
        using var stop = new CancellationTokenSource();
        using var kill = new CancellationTokenSource();
        using var bench = new WorkerFixture { KillToken = kill.Token, Stop = new StopPolicy(StopSignal.Interrupt, 600) };
        var running = bench.RunAsync(stop.Token, "trap 'echo no' INT; echo ready; while :; do sleep 0.05; done");
        await bench.Output.Saw("ready");
        await stop.CancelAsync();
        await bench.Output.Saw("no\n");
        await kill.CancelAsync();
        await Assert.That((await running).FailureReason).IsEqualTo("cancelled");
    }

    [Test]
    public async Task A_stopped_process_is_no_obstacle()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30) };
        var running = bench.RunAsync("echo ready; kill -STOP $$; echo never");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.That((await running).Status).IsEqualTo(OrderStatus.TimedOut);
    }

    [Test]
    public async Task Cancelling_ends_the_commands_and_is_a_failure_with_that_reason()
    {
        using var cancel = new CancellationTokenSource();
        using var bench = new WorkerFixture { Retries = 5 };
        var running = bench.RunAsync(cancel.Token, "echo ready; exec sleep 1000");
        await bench.Output.Saw("ready");
        await cancel.CancelAsync();
        var end = await running;
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(end.FailureReason).IsEqualTo("cancelled");
        await Assert.That(bench.Output.Text).DoesNotContain("attempt");
    }

    [Test]
    public async Task A_repetition_gets_no_time_of_its_own()
    {
        var clock = new FakeTimeProvider();
        using var bench = new WorkerFixture(clock) { Timeout = TimeSpan.FromSeconds(30), Retries = 1 };
        var running = bench.RunAsync(
            "test -e second && { echo ready; exec sleep 1000; }; touch second; echo first; read -r x < /dev/null; exit 1");
        await bench.Output.Saw("ready");
        clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.That((await running).Status).IsEqualTo(OrderStatus.TimedOut);
    }

    [Test]
    public async Task The_order_ends_with_its_shell_even_when_a_daemon_holds_the_output_open()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync(
            "setsid sh -c 'echo $$ > pid; touch up; exec sleep 1000' & while ! test -e up; do sleep 0.01; done; echo done");
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(bench.Output.Text).IsEqualTo("done\n");
        Processes.Kill(File.ReadAllText(Path.Join(bench.Code, "pid")));
    }

    [Test]
    public async Task A_daemon_that_floods_does_not_keep_the_order()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("setsid sh -c 'echo $$ > pid; exec yes' & while ! test -s pid; do sleep 0.01; done");
        Processes.Kill(File.ReadAllText(Path.Join(bench.Code, "pid")));
        await Assert.That(end.Status).IsEqualTo(OrderStatus.Succeeded);
    }

    [Test]
    public async Task What_still_writes_when_the_last_shell_has_ended_is_read_as_long_as_it_writes()
    {
        using var bench = new WorkerFixture();
        const string Slow = "while read -r line; do sleep 0.01; echo \"line $line\"; done < lines";
        var end = await bench.RunAsync($"mkfifo lines; ({Slow}) & exec > lines; seq 100; exit 7");
        await Assert.That(end.ExitCode).IsEqualTo(7);
        await Assert.That(bench.Output.Text).IsEqualTo(string.Concat(Enumerable.Range(1, 100).Select(i => $"line {i}\n")));
    }

    [Test]
    public async Task It_is_said_when_what_still_holds_the_output_is_killed()
    {
        using var bench = new WorkerFixture();
        await bench.RunAsync("sleep 1000 & echo done");
        await Assert.That(bench.Output.Text).StartsWith("done\niac-ci: processes that the commands left were killed");
    }

    [Test]
    public async Task Closing_the_output_ends_nothing()
    {
        using var bench = new WorkerFixture();
        var end = await bench.RunAsync("exec >&- 2>&-; sleep 0.05; exit 3");
        await Assert.That(end.ExitCode).IsEqualTo(3);
    }

    [Test]
    public async Task Bytes_that_are_no_text_come_through_as_they_are()
    {
        using var bench = new WorkerFixture();
        await bench.RunAsync("printf 'a\\000b\\377\\376c'");
        await Assert.That(Convert.ToHexString(bench.Output.Bytes)).IsEqualTo("610062FFFE63");
    }

    [Test]
    [NotInParallel]
    public async Task Five_hundred_orders_leave_no_descriptor_no_thread_and_no_process_behind()
    {
        using var bench = new WorkerFixture();
        for (var warm = 0; warm < 5; warm++)
        {
            await bench.RunAsync("true");
        }

        var descriptors = Processes.DescriptorCount();
        var children = Processes.ChildCount();
        var threads = Processes.ThreadCount("order");
        for (var pair = 0; pair < 250; pair++)
        {
            await Task.WhenAll(bench.RunAsync("true"), bench.RunAsync("sleep 1000 > /dev/null 2>&1 & false"));
        }

        // Other work of this process (timers, the compiler, a thread that is about to end) holds descriptors for a moment: what was left
        // behind would stay.
        await LocalFixture.UntilAsync(() => Processes.ChildCount() <= children, "no process is left behind");
        await LocalFixture.UntilAsync(() => Processes.DescriptorCount() <= descriptors, "no descriptor is left behind");
        await LocalFixture.UntilAsync(() => Processes.ThreadCount("order") <= threads, "no thread is left behind");
    }

    [Test]
    [NotInParallel]
    public async Task Where_an_order_has_the_process_for_itself_daemons_die_too()
    {
        using var bench = new WorkerFixture();
        Descendants.Adopt();
        try
        {
            await bench.RunAsync(
                "setsid sh -c 'echo $$ > pid; (setsid sleep 1000 & echo $! > pid2); exec sleep 1000' > /dev/null 2>&1 & while ! test -s " +
                    "pid2; do sleep 0.01; done");
            await Assert.That(Descendants.KillAll()).IsTrue();
        }
        finally
        {
            Descendants.Adopt(adopt: false);
        }

        await Assert.That(Processes.Exists(File.ReadAllText(Path.Join(bench.Code, "pid")))).IsFalse();
        await Assert.That(Processes.Exists(File.ReadAllText(Path.Join(bench.Code, "pid2")))).IsFalse();
    }

    private sealed class FirstWrite : IOutputSink
    {
        private readonly TaskCompletionSource came = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Came => came.Task;

        public void Write(ReadOnlySpan<byte> output) => came.TrySetResult();
    }
}
