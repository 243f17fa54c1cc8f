using System.CommandLine;

namespace IacCi.Commands;

/// <summary><c>iac-ci watchdog</c>.</summary>
internal static class WatchdogCommand
{
    public static Command Create()
    {
        var file = RoleHost.Event();
        var command = new RoleCommand(
            "watchdog",
            "Look once after an order or a job, on AWS.\n\nExample: iac-ci watchdog --event watch.json" + RoleHost.Codes) { file };
        command.SetAction(
            (parsed, _) => RoleHost.RunAsync("watchdog", parsed.GetValue(file), host => host.CheckWatchdog(), host => host.Watchdog()));
        return command;
    }
}
