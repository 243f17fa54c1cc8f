using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Logging;

namespace IacCi.Commands;

/// <summary>The commands, and the one place where what goes wrong becomes a message and an exit code.</summary>
internal static class Cli
{
    /// <summary>Runs the program.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var parsed = Root().Parse(args);
            if (parsed.Errors.Count > 0)
            {
                return Refuse(parsed);
            }

            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
                .ConfigureAwait(false);
        }
        catch (UserException wrong)
        {
            await Console.Error.WriteLineAsync($"iac-ci: {Scrub.Text(wrong.Message)}").ConfigureAwait(false);
            return (int)wrong.ExitCode;
        }
        catch (StoreUnavailableException away)
        {
            await Console.Error.WriteLineAsync($"iac-ci: {Scrub.Text(away.Message)}").ConfigureAwait(false);
            return (int)ExitCode.Fault;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("iac-ci: interrupted").ConfigureAwait(false);
            return (int)ExitCode.Cancelled;
        }
        catch (Exception fault)
        {
            await Console.Error.WriteLineAsync($"iac-ci: a fault of our own, please report it: {Scrub.Text(fault.ToString())}").ConfigureAwait(false);
            return (int)ExitCode.Fault;
        }
    }

    private static RootCommand Root() => new("Continuous delivery for infrastructure as code, and any other commands.")
    {
        RunCommand.Create(),
        StatusCommand.Create(),
        LogsCommand.Create(),
        EventsCommand.Create(),
        WebhookCommand.Create(),
        OrchestrateCommand.Create(),
        WatchdogCommand.Create(),
        WorkCommand.Create(),
        SecretsCommand.Create(),
        ValidateCommand.Create(),
        SchemaCommand.Create(),
        GraphCommand.Create(),
    };

    private static int Refuse(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
        {
            Console.Error.WriteLine($"iac-ci: {error.Message}");
        }

        Console.Error.WriteLine($"Try 'iac-ci {string.Join(' ', PathOf(parsed.CommandResult.Command))}--help'.");
        return (int)ExitCode.Invalid;
    }

    private static IEnumerable<string> PathOf(Command command) => command is RootCommand
        ? []
        : [.. command.Parents.OfType<Command>().SelectMany(PathOf), command.Name + " "];
}
