using System.CommandLine;
using System.CommandLine.Help;
using IacCi.Core.Linux;
using IacCi.Core.Terminal;
using IacCi.Core.Text;
using IacCi.Core.Worker.Processes;

namespace IacCi.Commands;

/// <summary>The commands, and the one place where what goes wrong becomes a message and an exit code.</summary>
internal static class Cli
{
    /// <summary>Arguments are what was typed: <c>@name</c> is no file of further arguments.</summary>
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private static readonly InvocationConfiguration Invocation =
        new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    /// <summary>Runs the program.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        StandardStreams.Prepare();
        using var large = FileSizeSignal.Take();
        var parsed = Root().Parse(args, Parsing);
        try
        {
            var wrong = CommandLineErrors.Of(parsed, args);
            return wrong.Count > 0
                ? Refuse(parsed, wrong)
                : await parsed.InvokeAsync(Invocation).ConfigureAwait(false);
        }
        catch (UsageException wrong)
        {
            return Refuse(parsed, [wrong.Message]);
        }
        catch (OutputLostException lost)
        {
            if (!lost.IsReaderGone)
            {
                Tell($"the result cannot be written to standard output: {lost.Message}");
            }

            return (int)(lost.IsReaderGone ? ExitCode.Succeeded : ExitCode.Fault);
        }
        catch (UserException refused)
        {
            Tell(refused.Message);
            return (int)refused.ExitCode;
        }
        catch (StoreUnavailableException away)
        {
            Tell(away.Message);
            return (int)ExitCode.Fault;
        }
        catch (OperationCanceledException)
        {
            Tell("interrupted");
            return (int)ExitCode.Cancelled;
        }
        catch (FileNotFoundException) when (HasNoWorkingFolder())
        {
            Tell("the working folder of this shell was deleted; change to one that exists");
            return (int)ExitCode.Invalid;
        }
        catch (Exception scarce) when (Scarcity.Is(scarce))
        {
            Tell(Scarcity.Explain(scarce));
            return (int)ExitCode.Failed;
        }
        catch (Exception fault)
        {
            Tell($"a fault of our own, please report it: {fault}");
            return (int)ExitCode.Fault;
        }
        finally
        {
            StandardStreams.Drain();
        }
    }

    private static bool HasNoWorkingFolder()
    {
        try
        {
            _ = Directory.GetCurrentDirectory();
            return false;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
    }

    /// <summary>The tree of commands.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("Continuous delivery for infrastructure as code, and for any other commands.")
        {
            RunCommand.Create(),
            ProjectsCommand.Create(),
            ValidateCommand.Create(),
            GraphCommand.Create(),
            SchemaCommand.Create(),
            StatusCommand.Create(),
            LogsCommand.Create(),
            EventsCommand.Create(),
            CommentCommand.Create(),
            PruneCommand.Create(),
            ServeCommand.Create(),
            SecretsCommand.Create(),
            WebhookCommand.Create(),
            OrchestrateCommand.Create(),
            WatchdogCommand.Create(),
            WorkCommand.Create(),
        };
        root.Directives.Clear(); // A word in brackets is a word.
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new RootHelp((HelpAction)help.Action!);
        return root;
    }

    /// <summary>Tells a person something, beside the results.</summary>
    public static void Tell(string message) => Console.Error.WriteLine($"iac-ci: {Printable.Lines(Scrub.Text(message))}");

    /// <summary>Tells it with the time: for what runs for days.</summary>
    public static void Tell(string message, DateTimeOffset at) =>
        Console.Error.WriteLine($"{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} iac-ci: {Printable.Lines(Scrub.Text(message))}");

    /// <summary>The names by which a command is called.</summary>
    public static IEnumerable<string> PathOf(Command command) => command is RootCommand
        ? ["iac-ci"]
        : [.. command.Parents.OfType<Command>().SelectMany(PathOf), command.Name];

    /// <summary>How a command is called: <c>iac-ci logs RUN [ORDER]</c>.</summary>
    public static string UsageOf(Command command) => string.Join(' ',
        [.. PathOf(command), .. command.Arguments.Select(one => one.Arity.MinimumNumberOfValues == 0 ? $"[{one.Name}]" : one.Name)]);

    private static int Refuse(ParseResult parsed, IReadOnlyList<string> errors)
    {
        foreach (var error in errors)
        {
            Tell(error);
        }

        Console.Error.WriteLine($"Try '{string.Join(' ', PathOf(parsed.CommandResult.Command))} --help'.");
        return (int)ExitCode.Invalid;
    }
}
