using System.CommandLine;
using System.CommandLine.Parsing;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>
/// A kind of values on the command line: how one is read, and what one has to be. Options and arguments are made out of kinds and out of
/// nothing else, so that a wrong, empty or huge value of any of them gets one sentence of one form, and no command sees it.
/// </summary>
/// <param name="Expected">What a value has to be: <c>a whole number from 1 to 10</c>.</param>
/// <param name="Read">Reads a value as it was typed; one that is not valid does not count.</param>
internal sealed record ValueKind<T>(string Expected, Func<string, (bool IsValid, T Value)> Read)
{
    /// <summary>An option that takes one value.</summary>
    public Option<TValue> Option<TValue>(string name, string helpName, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Parse<TValue>(result, name),
    };

    /// <summary>An option that may be given again and again, each time with one value.</summary>
    public Option<T[]> RepeatedOption(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => [.. result.Tokens.Select(token => Parse<T>(result, token.Value, name)!)],
    };

    /// <summary>An argument that has to be given.</summary>
    public Argument<TValue> Argument<TValue>(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => Parse<TValue>(result, name),
    };

    /// <summary>An argument that may be left out.</summary>
    public Argument<TValue?> OptionalArgument<TValue>(string name, string description) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => Parse<TValue>(result, name),
    };

    /// <summary>Reads the only value. (<c>TValue</c> is <c>T</c>, or <c>T?</c> where nothing may be given.)</summary>
    private TValue? Parse<TValue>(ArgumentResult result, string name) =>
        result.Tokens is [var token] ? Parse<TValue>(result, token.Value, name) : default; // The arity refuses more than one.

    private TValue? Parse<TValue>(ArgumentResult result, string text, string name)
    {
        if (Read(text) is (true, var value))
        {
            return (TValue?)(object?)value;
        }

        var found = text.Length == 0 ? "nothing ('')" : Printable.Word(text);
        result.AddError($"{name} has to be {Expected}; found {found}");
        return default;
    }
}
