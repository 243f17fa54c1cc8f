using System.CommandLine;
using System.CommandLine.Parsing;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>What is wrong with a command line, in the words of a person: misspelt commands and options get a guess.</summary>
internal static class CommandLineErrors
{
    /// <summary>The most words that are complained about one by one.</summary>
    private const int MaxWords = 5;

    /// <summary>Everything that is wrong; nothing when the command can run.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed, IReadOnlyList<string> args)
    {
        if (parsed.Errors.Count == 0 && !UnknownOptions(parsed, args).Any())
        {
            return [];
        }

        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && command.Action is null)
        {
            return [parsed.UnmatchedTokens is [var word, ..] ? UnknownCommand(command, word) : $"name a command: {Commands(command)}"];
        }

        var options = UnknownOptions(parsed, args).Concat(parsed.UnmatchedTokens.Where(IsOption)).Distinct().Take(MaxWords).ToList();
        if (options.Count > 0)
        {
            return [.. options.Select(option => UnknownOption(command, option))];
        }

        return parsed.UnmatchedTokens.Count > 0
            ? [.. parsed.UnmatchedTokens.Take(MaxWords).Select(word => TooMany(command, word))]
            : [.. parsed.Errors.Select(error => Message(parsed, error)).Distinct()];
    }

    /// <summary>
    /// The message of a kind stands as it is. What the library says of too few or too many values gets the name of what is meant.
    /// </summary>
    private static string Message(ParseResult parsed, ParseError error)
    {
        if ((error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult) is { } result)
        {
            var name = result.IdentifierToken?.Value ?? result.Option.Name;
            return result switch
            {
                { Tokens.Count: 0 } => $"{name} needs a value: {name} {result.Option.HelpName}",
                { Tokens.Count: > 1, Option.Arity.MaximumNumberOfValues: 1 } =>
                    $"{name} is given {result.Tokens.Count} times; give it once",
                _ => error.Message,
            };
        }

        var command = parsed.CommandResult.Command;
        var missing = command.Arguments.FirstOrDefault(
            one => one.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(one) is null or { Tokens.Count: 0 });
        return missing is null ? error.Message : $"{missing.Name} is missing: {Cli.UsageOf(command)}";
    }

    /// <summary>
    /// The parser takes options that nobody knows for arguments. A file of such a name is <c>./-name</c>, or stands behind <c>--</c>.
    /// </summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed, IReadOnlyList<string> args) => args.Contains("--")
        ? []
        : parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .Where(IsOption);

    private static bool IsOption(string text) => text.Length > 1 && text[0] == '-';

    private static string UnknownOption(Command command, string text)
    {
        var name = text.Split('=', 2)[0];
        var near = Spelling.Nearest(name, command.Options.Where(option => !option.Hidden).Select(option => option.Name));
        return $"there is no option {Printable.Word(name)}{(near is null ? "" : $"; did you mean {near}?")}";
    }

    private static string UnknownCommand(Command command, string text)
    {
        var near = Spelling.Nearest(text.Trim(), command.Subcommands.Select(one => one.Name));
        return IsOption(text)
            ? UnknownOption(command, text)
            : $"there is no command {Printable.Word(text)}; " +
                $"{(near is null ? $"the commands are {Commands(command)}" : $"did you mean {near}?")}";
    }

    private static string TooMany(Command command, string word)
    {
        var taken = string.Join(" and ", command.Arguments.Select(argument => argument.Name));
        return $"{Printable.Word(word)} is one word too many; '{command.Name}' takes " +
            $"{(taken.Length == 0 ? "options only" : $"{taken}; a name with blanks needs quotes")}";
    }

    private static string Commands(Command command) =>
        string.Join(", ", command.Subcommands.Where(one => one is not RoleCommand).Select(one => one.Name));
}
