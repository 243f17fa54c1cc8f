using System.Runtime.InteropServices;
using IacCi.Emulated;
using IacCi.Emulated.Stacks;

if (Arguments.Read(args) is not { } wanted)
{
    await Console.Error.WriteLineAsync("""
        An AWS on this machine, for trying iac-ci without an account.

        Usage: Emulated up [--port N] [--wait-factor F] [PREFIX | --bare]

        Prints the environment to use on stdout, then what happens on stderr, until Ctrl-C. Needs moto's server
        (pip install 'moto[server]') and, for functions and builds, IAC_CI_BINARY: the published executable.

          --wait-factor F   what waits of state machines are multiplied with; 0.1 makes 60 s 6 s
          --bare            set nothing up: an empty account, to deploy to
        """);
    return 2;
}

var stop = new TaskCompletionSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var writing = new Lock();
    await using var aws = await EmulatedAws.StartAsync(
        new EmulatedAwsOptions { Port = wanted.Port, WaitFactor = wanted.WaitFactor, Log = Log });
    Export(aws.Variables);
    if (!wanted.Bare)
    {
        var stack = await aws.SetupStackAsync(wanted.Prefix, new StackOptions
        {
            Variables = Environment.GetEnvironmentVariable("IAC_CI_GITHUB_API_URL") is { Length: > 0 } url
                ? new Dictionary<string, string> { ["IAC_CI_GITHUB_API_URL"] = url }
                : new Dictionary<string, string>(),
        });
        Export(stack.Variables);
        Console.WriteLine($"# POST {stack.ApiUrl}/webhook, signed with {stack.WebhookSecret}");
    }

    await stop.Task;
    return 0;

    static void Export(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, value) in variables)
        {
            Console.WriteLine($"export {name}='{value}'");
        }
    }

    void Log(string line)
    {
        lock (writing)
        {
            Console.Error.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {line}");
        }
    }
}
catch (InvalidOperationException missing)
{
    await Console.Error.WriteLineAsync(missing.Message);
    return 2;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true; // we end by ourselves, after our children
    stop.TrySetResult();
}
