using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Runs;

namespace IacCi.Commands;

/// <summary><c>iac-ci orchestrate</c>.</summary>
internal static class OrchestrateCommand
{
    public static Command Create()
    {
        var file = RoleOptions.Event();
        var run = new Option<string?>("--run-id") { Description = "Wake this run: look at it, do what is to be done, and tell both.", HelpName = "ID" };
        var dryRun = new Option<bool>("--dry-run") { Description = "With --run-id: only tell what would be done." };
        var output = SharedOptions.Output();
        var command = new Command(
            "orchestrate",
            "Do what follows from the news of runs, on AWS.\n\nExample: iac-ci orchestrate --run-id 0b6c8f4e-8a52-4d0e-9a55-1c35f6a0b1de --dry-run" + RoleOptions.Codes)
        {
            file, run, dryRun, output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(run) is not null && result.GetValue(file) is not null)
            {
                result.AddError("give --run-id or --event, not both");
            }

            if (result.GetValue(dryRun) && result.GetValue(run) is null)
            {
                result.AddError("--dry-run needs --run-id");
            }
        });
        command.SetAction((parsed, _) => parsed.GetValue(run) is { } named
            ? WakeAsync(named, parsed.GetValue(dryRun), parsed.GetValue(output))
            : RoleOptions.RunAsync("orchestrate", parsed.GetValue(file), host => host.CheckOrchestrate(), host => host.Orchestrate()));
        return command;
    }

    private static async Task<int> WakeAsync(string named, bool dryRun, OutputFormat output)
    {
        var run = RunId.TryParse(named, out var parsed) ? parsed
            : throw new UserException($"--run-id '{named}' is not a run id: letters, digits, - and _, at most 64, beginning with a letter or digit");
        var process = RoleOptions.Process("orchestrate");
        using var host = RoleOptions.Host(process);
        host.CheckOrchestrate();
        return await RoleOptions.InterruptiblyAsync(async stop =>
        {
            var found = await host.InspectAsync(run, stop);
            var outcome = dryRun ? null : await host.WakeAsync(found, process.NewRequestId(), stop);
            Console.Out.WriteLine(output == OutputFormat.Json ? found.ToJson(outcome) : found.ToText(outcome));
            return (int)(outcome == Core.Orchestration.WakeOutcome.Unsettled ? ExitCode.Fault : ExitCode.Succeeded);
        });
    }
}
