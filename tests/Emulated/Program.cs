using System.Runtime.InteropServices;
using IacCi.Emulated;
using IacCi.Emulated.Stacks;

if (args is not ["up", ..] || (args.Length > 1 && args[1].StartsWith('-') && args[1] is not "--port"))
{
    await Console.Error.WriteLineAsync("""
        An AWS on this machine, for trying iac-ci without an account.

        Usage: Emulated up [--port N] [PREFIX]

        Prints the environment to use on stdout, then what happens on stderr, until Ctrl-C. Needs moto's server
        (pip install 'moto[server]') and, for functions and builds, IAC_CI_BINARY: the published executable.
        """);
    return 2;
}

var port = args is [_, "--port", var number, ..] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : 0;
var prefix = args is [.., var last] && args.Length is 2 or 4 ? last : "iac-ci";
var stop = new TaskCompletionSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var writing = new Lock();
    await using var aws = await EmulatedAws.StartAsync(new EmulatedAwsOptions { Port = port, Log = Log });
    var stack = await aws.SetupStackAsync(prefix, new StackOptions
    {
        Variables = Environment.GetEnvironmentVariable("IAC_CI_GITHUB_API_URL") is { Length: > 0 } url
            ? new Dictionary<string, string> { ["IAC_CI_GITHUB_API_URL"] = url }
            : new Dictionary<string, string>(),
    });
    foreach (var (name, value) in aws.Variables.Concat(stack.Variables))
    {
        Console.WriteLine($"export {name}='{value}'");
    }

    Console.WriteLine($"# POST {stack.ApiUrl}/webhook, signed with {stack.WebhookSecret}");
    await stop.Task;
    return 0;

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
