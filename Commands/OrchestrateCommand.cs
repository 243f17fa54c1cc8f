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
        var run = Kinds.RunId.Option<RunId?>("--run-id", "ID", "Wake this run: look at it, do what is to be done, and tell both.");
        var dryRun = new Option<bool>("--dry-run") { Description = "With --run-id: only tell what would be done." };
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
            ({ } named, null, var dry) => WakeAsync(named, dry, parsed.GetValue(output)),
            (null, var events, false) =>
                RoleHost.RunAsync("orchestrate", events, host => host.CheckOrchestrate(), host => host.Orchestrate()),
        });
        return command;
    }

    private static async Task<int> WakeAsync(RunId run, bool dryRun, OutputFormat output)
    {
        var process = RoleHost.Process("orchestrate");
        using var host = RoleHost.Host(process);
        host.CheckOrchestrate();
        return await RoleHost.InterruptiblyAsync(async (stop, _) =>
        {
            var found = await host.InspectAsync(run, stop);
            var outcome = dryRun ? null : await host.WakeAsync(found, process.NewRequestId(), stop);
            Console.Out.WriteLine(output == OutputFormat.Json ? found.ToJson(outcome) : found.ToText(outcome));
            return (int)(outcome == Core.Engine.WakeOutcome.Unsettled ? ExitCode.Fault : ExitCode.Succeeded);
        });
    }
}
