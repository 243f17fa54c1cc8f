using System.CommandLine;
using System.CommandLine.Parsing;
using IacCi.Core.Faults;
using IacCi.Core.Jobs.Fields;

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
            return [parsed.UnmatchedTokens is [var word, ..] ? UnknownCommand(command, word) : $"name a command: {string.Join(", ", People(command))}"];
        }

        List<string> options = [.. UnknownOptions(parsed, args).Concat(parsed.UnmatchedTokens.Where(IsOption)).Distinct().Select(option => UnknownOption(command, option))];
        if (options.Count > 0)
        {
            return options[..Math.Min(options.Count, MaxWords)];
        }

        return parsed.UnmatchedTokens.Count > 0
            ? [.. parsed.UnmatchedTokens.Take(MaxWords).Select(word => TooMany(command, word))]
            : [.. parsed.Errors.Select(error => Message(parsed, error)).Distinct()];
    }

    /// <summary>What a kind says of a value stands as it is; what the library says of too few and too many is said with the name of what is meant.</summary>
    private static string Message(ParseResult parsed, ParseError error)
    {
        if ((error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult) is { } result)
        {
            var name = result.IdentifierToken?.Value ?? result.Option.Name;
            return result switch
            {
                { Tokens.Count: 0 } => $"{name} needs a value: {name} {result.Option.HelpName}",
                { Tokens.Count: > 1, Option.Arity.MaximumNumberOfValues: 1 } => $"{name} is given {result.Tokens.Count} times; give it once",
                _ => error.Message,
            };
        }

        var command = parsed.CommandResult.Command;
        return command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is null or { Tokens.Count: 0 }) is { } missing
            ? $"{missing.Name} is missing: {Cli.UsageOf(command)}"
            : error.Message;
    }

    /// <summary>Options that nobody knows are taken for arguments by the parser; a file of such a name is <c>./-name</c>, or stands behind <c>--</c>.</summary>
    private static IEnumerable<string> UnknownOptions(ParseResult parsed, IReadOnlyList<string> args) => args.Contains("--")
        ? []
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Where(IsOption);

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
            : $"there is no command {Printable.Word(text)}; {(near is null ? $"the commands are {string.Join(", ", People(command))}" : $"did you mean {near}?")}";
    }

    private static string TooMany(Command command, string word) => command.Arguments.Count == 0
        ? $"{Printable.Word(word)} is one word too many; '{command.Name}' takes options only"
        : $"{Printable.Word(word)} is one word too many; '{command.Name}' takes {string.Join(" and ", command.Arguments.Select(argument => argument.Name))}, and a name with blanks in quotes";

    private static IEnumerable<string> People(Command command) => command.Subcommands.Where(one => one is not RoleCommand).Select(one => one.Name);
}
