using System.CommandLine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci prune</c>.</summary>
internal static class PruneCommand
{
    private const int MaxKept = 1_000_000;

    /// <summary>How much of a title is shown.</summary>
    private const int JobTitleChars = 60;

    public static Command Create()
    {
        var older = Kinds.Duration.Option<string>("--older-than", "DURATION", "Only runs that have been over for so long: 12h, 30d, 8w.");
        older.DefaultValueFactory = _ => Kinds.KeptFor;
        var keep = Kinds.Count(0, MaxKept).Option<int>(
            "--keep", "N", "Leave the newest N runs that are over, however old they are. Default: 0.");
        var dryRun = new Option<bool>("--dry-run") { Description = "Remove nothing; say what would be removed." };
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command(
            "prune",
            """
            Remove runs that are over from the state folder: their records, bundles, results and logs.

            A run that goes on is never removed, and neither is Terraform state that was kept of an order (kept/RUN/ORDER/ in the state folder). A prune that was
            killed is finished by the next one. 'serve' prunes by itself (--keep-runs).

            Example: iac-ci prune --older-than 30d --dry-run
            """)
        {
            older, keep, dryRun, state, output,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (parsed.GetResult(state) is not { Implicit: false }
                && Environment.GetEnvironmentVariable(AwsSettings.OrdersTableVariable) is { Length: > 0 })
            {
                throw new UsageException(
                    "on AWS runs are removed by themselves (record_days); name the state folder of this machine with --state-dir");
            }

            var rule = new PruneRule(Kinds.DurationOf(parsed.GetRequiredValue(older)), parsed.GetValue(keep), parsed.GetValue(dryRun));
            var outcome = Prune(new StateFolder(parsed.GetRequiredValue(state)), rule, cancellationToken);
            Console.Out.WriteLine(
                parsed.GetValue(output) == OutputFormat.Json ? OutputJson.Pruned(outcome, rule.DryRun) : TextOf(outcome, rule.DryRun));
            return Task.FromResult((int)ExitCode.Succeeded);
        });
        return command;
    }

    private static PruneOutcome Prune(StateFolder state, PruneRule rule, CancellationToken cancellationToken)
    {
        state.Require(Cli.Tell);
        using var database = SqliteDatabase.Open(state.Database);
        return new RunPruner(state, database, TimeProvider.System).Prune(rule, cancellationToken);
    }

    private static string TextOf(PruneOutcome outcome, bool dryRun)
    {
        var lines = outcome.Removed.Select(run =>
        {
            var title = Printable.Line(run.Title ?? "", JobTitleChars);
            return $"{run.Run}  {run.Status.Word(),-9}  {run.FinishedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z  {title}".TrimEnd();
        });
        var runs = Plural.Of(outcome.Removed.Count, "run");
        var size = $"{outcome.Bytes / 1e6:0.0} MB";
        return string.Join(
            '\n',
            lines.Append(dryRun
                ? $"would remove {runs} ({size}); {outcome.Left:N0} would stay"
                : $"removed {runs} ({size}); {outcome.Left:N0} stay"));
    }
}
