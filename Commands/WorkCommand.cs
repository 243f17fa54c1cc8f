using System.CommandLine;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;

namespace IacCi.Commands;

/// <summary><c>iac-ci work</c>.</summary>
internal static class WorkCommand
{
    public static Command Create()
    {
        var file = RoleHost.Event();
        var scratch = Kinds.Path.Option<string?>(
            "--scratch", "DIR",
            "In a Lambda: a folder that nobody but orders writes to (/tmp). What orders leave in it is removed before the next one.");
        var command = new RoleCommand(
            "work",
            "Run one order's commands, on AWS.\n\nIn a CodeBuild build the order is in the variables (RUN_ID, ORDER_NUM, S3_LOCATION, " +
                "...), and its masked output is printed.\n\n"
            + "Example: iac-ci work --event order.json\n\nIn a Lambda (AWS_LAMBDA_RUNTIME_API is set) it serves events until it is ended.\n"
            + "Exit codes: 0 the order succeeded, or is somebody else's, 1 it failed, 2 invalid input, 3 it timed out, 70 not run or " +
                "not reported.")
        {
            file, scratch,
        };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(file), parsed.GetValue(scratch)));
        return command;
    }

    private static async Task<int> RunAsync(string? file, string? scratch)
    {
        EngineProtection.Apply();
        var process = RoleHost.Process("work");
        using var host = RoleHost.Host(process);
        Func<string, string?> variable = Environment.GetEnvironmentVariable;
        if (file is null && process.RuntimeApi is not null)
        {
            return (int)await process.ServeAsync(
                host.CheckWork, () => host.Work(WorkerEnvironment.Warm(variable, scratch)), RoleProcess.WorkMargin, CancellationToken.None);
        }

        host.CheckWork();
        if (file is not null)
        {
            var json = await RoleHost.ReadAsync(file);
            return await RoleHost.InterruptiblyAsync(
                async (stop, _) => (int)await process.OnceAsync(host.Work(WorkerEnvironment.Build(variable)), json, stop));
        }

        var order = variable("RUN_ID") is not null ? OrderAssignment.FromVariables(variable)
            : throw new UsageException(
                "there is no order: give one with --event FILE, or in the variables of a CodeBuild build (RUN_ID, ORDER_NUM, ...)");
        return await RoleHost.InterruptiblyAsync(async (stop, kill) =>
            (int)WorkerRole.CodeOf(
                await host.Work(WorkerEnvironment.Build(variable)).RunAsync(
                    order, new StandardOutput(), process.Log, endsAt: null, stop, kill)));
    }

    /// <summary>The order's masked output, as it comes.</summary>
    private sealed class StandardOutput : IOutputSink
    {
        private readonly Stream stream = StandardStreams.Results;

        public void Write(ReadOnlySpan<byte> output) => stream.Write(output);
    }
}
