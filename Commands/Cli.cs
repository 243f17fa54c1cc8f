using System.CommandLine;
using System.CommandLine.Parsing;
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
            List<string> wrong = [.. UnknownOptions(parsed, args).Select(option => $"there is no option {option}")];
            if (wrong.Count > 0 || parsed.Errors.Count > 0)
            {
                return Refuse(parsed, wrong.Count > 0 ? wrong : parsed.Errors.Select(error => error.Message));
            }

            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
                .ConfigureAwait(false);
        }
        catch (UserException refused)
        {
            await Console.Error.WriteLineAsync($"iac-ci: {Scrub.Text(refused.Message)}").ConfigureAwait(false);
            return (int)refused.ExitCode;
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
        ServeCommand.Create(),
        StatusCommand.Create(),
        LogsCommand.Create(),
        EventsCommand.Create(),
        CommentCommand.Create(),
        WebhookCommand.Create(),
        OrchestrateCommand.Create(),
        WatchdogCommand.Create(),
        WorkCommand.Create(),
        SecretsCommand.Create(),
        ValidateCommand.Create(),
        SchemaCommand.Create(),
        GraphCommand.Create(),
    };

    /// <summary>Options that nobody knows are taken for arguments by the parser; a file of such a name is <c>./-name</c>.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed, string[] args) => args.Contains("--")
        ? []
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value)
            .Where(text => text.Length > 1 && text[0] == '-');

    private static int Refuse(ParseResult parsed, IEnumerable<string> errors)
    {
        foreach (var error in errors)
        {
            Console.Error.WriteLine($"iac-ci: {error}");
        }

        Console.Error.WriteLine($"Try 'iac-ci {string.Join(' ', PathOf(parsed.CommandResult.Command))}--help'.");
        return (int)ExitCode.Invalid;
    }

    private static IEnumerable<string> PathOf(Command command) => command is RootCommand
        ? []
        : [.. command.Parents.OfType<Command>().SelectMany(PathOf), command.Name + " "];
}
