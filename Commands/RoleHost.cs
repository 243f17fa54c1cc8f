using System.CommandLine;
using System.Security.Cryptography;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>What the commands of the four roles share.</summary>
internal static class RoleHost
{
    /// <summary>The option <c>--event</c>.</summary>
    public static Option<string?> Event() =>
        Kinds.Path.Option<string?>(
            "--event", "FILE|-", "Handle this one event (a file with the JSON, or - for standard input) and print the answer.");

    /// <summary>What the help of each role ends with.</summary>
    public const string Codes =
        "\n\nIn a Lambda (AWS_LAMBDA_RUNTIME_API is set) it serves events until it is ended.\nExit codes: 0 handled, 2 invalid input or " +
            "a missing setting, 70 not handled.";

    /// <summary>Runs a role: in a Lambda, or for one event.</summary>
    public static async Task<int> RunAsync(string role, string? eventFile, Action<AwsHost> check, Func<AwsHost, IRole> make)
    {
        var process = Process(role);
        using var host = Host(process);
        if (eventFile is null && process.RuntimeApi is not null)
        {
            return (int)await process.ServeAsync(() => check(host), () => make(host), RoleProcess.DefaultMargin, CancellationToken.None);
        }

        if (eventFile is null)
        {
            throw new UsageException(
                $"there is no event: give one with --event FILE (or - for standard input); in a Lambda, AWS_LAMBDA_RUNTIME_API says " +
                    $"where events are");
        }

        check(host);
        var json = await ReadAsync(eventFile);
        return await InterruptiblyAsync(async (stop, _) => (int)await process.OnceAsync(make(host), json, stop));
    }

    /// <summary>The AWS side of this process.</summary>
    public static AwsHost Host(RoleProcess process) =>
        new(
            Environment.GetEnvironmentVariable, TimeProvider.System, RandomNumberGenerator.GetBytes, process.Log.Warn,
            ask: TerminalQuestion.Ask);

    /// <summary>This process in a role.</summary>
    public static RoleProcess Process(string role) => new(
        role, Environment.GetEnvironmentVariable, StandardStreams.Results, StandardStreams.Log, TimeProvider.System,
        RandomNumberGenerator.GetBytes);

    /// <summary>Does something that ends early when the process is asked to end.</summary>
    /// <param name="act">It; the first token asks it to end, the second one, when the process is asked again, not to wait for that.</param>
    public static async Task<int> InterruptiblyAsync(Func<CancellationToken, CancellationToken, Task<int>> act)
    {
        using var interrupts = new Interrupts(2, _ => { });
        return await act(interrupts.First, interrupts.Second);
    }

    /// <summary>Reads an event.</summary>
    /// <exception cref="UserException">It cannot be read, or is too large.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string file)
    {
        var read = await InputFile.ReadAsync("the event", file, RuntimeApi.MaxEventBytes + 1, CancellationToken.None);
        return read.Length <= RuntimeApi.MaxEventBytes
            ? read
            : throw new UserException($"the event {Printable.Word(file)} is larger than {RuntimeApi.MaxEventBytes:N0} bytes");
    }
}
