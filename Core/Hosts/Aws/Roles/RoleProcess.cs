using System.Text;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>
/// One process in one role: in a Lambda it serves events until it is ended, elsewhere it handles one event and prints the answer.
/// </summary>
/// <param name="role">Its name: <c>webhook</c>, <c>orchestrate</c>, <c>watchdog</c> or <c>work</c>.</param>
/// <param name="variable">Gives a variable of the environment, or null.</param>
/// <param name="output">Where answers go: standard output.</param>
/// <param name="errors">Where the log goes: standard error.</param>
/// <param name="clock">The time.</param>
/// <param name="randomBytes">Makes random bytes.</param>
internal sealed class RoleProcess(
    string role, Func<string, string?> variable, Stream output, Stream errors, TimeProvider clock, Func<int, byte[]> randomBytes)
{
    /// <summary>How long before its deadline an invocation is asked to stop.</summary>
    public static readonly TimeSpan DefaultMargin = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long before its deadline a worker that has claimed no order gives up. (An order's commands have
    /// <see cref="Worker.WorkerOptions.EndsAt"/>.)
    /// </summary>
    public static readonly TimeSpan WorkMargin = TimeSpan.FromSeconds(10);

    /// <summary>The log of this process.</summary>
    public StructuredLog Log { get; } = new(errors, StructuredLog.ShapeFor(variable), clock, new LogContext { Role = role });

    /// <summary>Where Lambda's runtime API is; null outside of a Lambda.</summary>
    public string? RuntimeApi { get; } = variable("AWS_LAMBDA_RUNTIME_API") is { Length: > 0 } address ? address : null;

    /// <summary>Serves events until the process is ended.</summary>
    /// <param name="check">Finds out what is not configured; nothing slow, because Lambda waits for it.</param>
    /// <param name="make">Makes the role, when the first event has come.</param>
    /// <param name="margin">How long before its deadline an invocation is asked to stop.</param>
    /// <param name="cancellationToken">Ends the wait for the next event.</param>
    public async ValueTask<ExitCode> ServeAsync(Action check, Func<IRole> make, TimeSpan margin, CancellationToken cancellationToken)
    {
        using var api = new RuntimeApi(
            RuntimeApi ?? throw new UserException("AWS_LAMBDA_RUNTIME_API is not set: this is no Lambda"), clock);
        IRole? made = null;
        try
        {
            await new RuntimeLoop(api, Log, clock).RunAsync(Initialize, margin, cancellationToken);
            return ExitCode.Succeeded;
        }
        catch (UserException wrong)
        {
            // The loop has logged it and answered Lambda.
            return wrong.ExitCode;
        }
        catch (HttpRequestException gone)
        {
            // Lambda ends processes by taking the runtime API away from them.
            Log.Error($"the runtime API is gone: {gone.Message}");
            return ExitCode.Fault;
        }

        InvocationHandler Initialize()
        {
            check();
            return async (invocation,
                token) => (await (made ??= make()).HandleAsync(invocation, Log.ForRequest(invocation.RequestId), token)).Json;
        }
    }

    /// <summary>Handles one event and prints the answer.</summary>
    /// <param name="made">The role.</param>
    /// <param name="json">The event.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="Exception">The event was not handled.</exception>
    public async ValueTask<ExitCode> OnceAsync(IRole made, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var invocation = new Invocation
        {
            RequestId = NewRequestId(),
            Deadline = clock.GetUtcNow() + Hosts.Aws.Lambda.RuntimeApi.LongestInvocation,
            Event = json,
        };
        var answer = await made.HandleAsync(invocation, Log, cancellationToken);
        await output.WriteAsync(answer.Json, cancellationToken);
        await output.WriteAsync(Encoding.UTF8.GetBytes("\n"), cancellationToken);
        return answer.ExitCode;
    }

    /// <summary>A name for an event that Lambda did not name.</summary>
    public string NewRequestId() => $"once-{Convert.ToHexStringLower(randomBytes(8))}";
}
