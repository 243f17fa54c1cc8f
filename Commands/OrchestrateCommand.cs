using System.CommandLine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci orchestrate</c>.</summary>
internal static class OrchestrateCommand
{
    public static Command Create()
    {
        var file = RoleHost.Event();
        var run = Kinds.RunId.Option<RunId?>(
            "--run-id", "ID", "Have the deployment's function look at this run, do what is to be done, and tell both.");
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "With --run-id: look at the run from here, without the function, and only tell what would be done.",
        };
        var output = SharedOptions.Output();
        var command = new RoleCommand(
            "orchestrate",
            "Do what follows from the news of runs, on AWS.\n\nExample: iac-ci orchestrate --run-id " +
                "0b6c8f4e-8a52-4d0e-9a55-1c35f6a0b1de --dry-run" + RoleHost.Codes)
        {
            file, run, dryRun, output,
        };
        command.SetAction((parsed, _) => (parsed.GetValue(run), parsed.GetValue(file), parsed.GetValue(dryRun)) switch
        {
            ({ }, { }, _) => throw new UsageException("give --run-id or --event, not both"),
            (null, _, true) => throw new UsageException("--dry-run needs --run-id"),
            ({ } named, null, var dry) =>
                RoleHost.InterruptiblyAsync((stop, _) => WakeAsync(named, dry, parsed.GetValue(output), stop)),
            (null, var events, false) =>
                RoleHost.RunAsync("orchestrate", events, host => host.CheckOrchestrate(), host => host.Orchestrate()),
        });
        return command;
    }

    private static async Task<int> WakeAsync(RunId run, bool dryRun, OutputFormat output, CancellationToken stop)
    {
        using var host = RoleHost.Host(RoleHost.Process("orchestrate"));
        if (!dryRun)
        {
            var answer = await host.WakeAsync(run, stop);
            Console.Out.WriteLine(output == OutputFormat.Json ? answer.Json : answer.Text);
            return (int)(answer.IsUnsettled ? ExitCode.Fault : ExitCode.Succeeded);
        }

        host.CheckWatchdog();
        var found = await host.InspectAsync(run, stop);
        Console.Out.WriteLine(output == OutputFormat.Json ? found.ToJson(outcome: null) : found.ToText(outcome: null));
        return (int)ExitCode.Succeeded;
    }
}
