using System.CommandLine;

namespace IacCi.Commands;

/// <summary><c>iac-ci webhook</c>.</summary>
internal static class WebhookCommand
{
    public static Command Create()
    {
        var file = RoleHost.Event();
        var command = new RoleCommand(
            "webhook", "Take a job in, on AWS.\n\nExample: iac-ci webhook --event request.json" + RoleHost.Codes) { file };
        command.SetAction(
            (parsed, _) => RoleHost.RunAsync("webhook", parsed.GetValue(file), host => host.CheckWebhook(), host => host.Webhook()));
        return command;
    }
}
