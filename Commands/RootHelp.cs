using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace IacCi.Commands;

/// <summary>
/// The first screen of <c>--help</c>: a line for each command, what people use first, and the parts of a deployment at the end. The help of
/// a single command is the library's.
/// </summary>
/// <param name="ofCommands">The library's help.</param>
internal sealed class RootHelp(HelpAction ofCommands) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand root)
        {
            return ofCommands.Invoke(parseResult);
        }

        var output = parseResult.InvocationConfiguration.Output;
        var forPeople = root.Subcommands.Where(command => command is not RoleCommand).SelectMany(Leaves).ToList();
        var width = forPeople.Max(command => Cli.UsageOf(command).Length);
        output.WriteLine($"{root.Description}\n\nUsage: iac-ci COMMAND [options]\n\nCommands:");
        forPeople.ForEach(WriteLine);
        output.WriteLine("\n'iac-ci COMMAND --help' describes a command and its options; 'iac-ci --version' names the version.");
        output.WriteLine("\nThe parts of a deployment on AWS, which its functions and builds run:");
        root.Subcommands.Where(command => command is RoleCommand).ToList().ForEach(WriteLine);
        return 0;

        void WriteLine(Command command) =>
            output.WriteLine($"  {Cli.UsageOf(command).PadRight(width)}  {command.Description!.Split('\n')[0]}");
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count > 0 ? command.Subcommands.SelectMany(Leaves) : [command];
}
