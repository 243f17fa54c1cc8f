using System.CommandLine;
using System.Text.RegularExpressions;
using IacCi.Commands;
using IacCi.Core.Text;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.CommandLine;

/// <summary>
/// The whole tree of commands, read from the program's own model, so that no new command and no new option is forgotten: whatever a person
/// can type in the place of a value is taken or refused in a sentence. Nothing ends with 70, a stack trace or the name of a type.
/// </summary>
internal sealed partial class CommandTreeTests
{
    private const int MaxMessageChars = 2_000;

    private static readonly string Huge = new('9', 100_000);

    /// <summary>What goes in for each kind of value (named as help names it). A new kind has to be added here.</summary>
    private static readonly Dictionary<string, string> Good = new()
    {
        ["JOB"] = "job.json",
        ["RUN"] = "tree",
        ["TRACE|RUN"] = "tree",
        ["ORDER"] = "1",
        ["DIR"] = ".",
        ["FILE"] = "file.json",
        ["FILE|-"] = "file.json",
        ["ID"] = "another",
        ["N"] = "2",
        ["SECONDS"] = "1",
        ["DURATION"] = "30d",
        ["ADDRESS:PORT"] = "127.0.0.1:0",
        ["REF"] = "HEAD",
        ["PROJECT"] = "infra/dev/app@eu",
        ["RECIPIENT[,..]"] = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
    };

    public static IEnumerable<string> Commands() => Leaves(Cli.Root()).Select(command => string.Join(' ', Cli.PathOf(command).Skip(1)));

    [Test]
    [MethodDataSource(nameof(Commands))]
    public async Task Help_is_shown_and_is_not_eaten_by_what_masks_secrets(string name)
    {
        using var place = await ReadyAsync();
        foreach (var flag in new[] { "--help", "-h", "-?" })
        {
            var ended = await place.RunAsync([.. Words(name), flag]);
            await Assert.That((ended.ExitCode, ended.Errors)).IsEqualTo((0, "")).Because(name);
            await Assert.That(ended.Output).Contains("Usage:").And.Contains("Example");
            await Assert.That(Scrub.Text(ended.Output)).IsEqualTo(ended.Output);
        }
    }

    [Test]
    public async Task The_first_screen_has_a_line_for_each_command_and_the_parts_of_a_deployment_last()
    {
        using var place = new LocalFixture();
        var lines = (await place.RunAsync("--help")).Output.Split('\n').ToList();
        foreach (var name in Commands())
        {
            await Assert.That(lines.Count(line => line.StartsWith($"  iac-ci {name} ", StringComparison.Ordinal)))
                .IsEqualTo(1)
                .Because(name);
        }

        var apart = lines.FindIndex(line => line.StartsWith("The parts of a deployment on AWS", StringComparison.Ordinal));
        await Assert.That(lines.Index().Where(line => line.Index < apart && line.Item.StartsWith("  iac-ci", StringComparison.Ordinal)
            && Words(line.Item)[1] is "webhook" or "orchestrate" or "watchdog" or "work")).IsEmpty();
    }

    [Test]
    [MethodDataSource(nameof(Commands))]
    public async Task Every_option_and_argument_takes_what_it_may_and_refuses_the_rest_in_a_sentence(string name)
    {
        using var place = await ReadyAsync();
        var command = Leaves(Cli.Root()).Single(leaf => string.Join(' ', Cli.PathOf(leaf).Skip(1)) == name);
        string[] arguments = [.. command.Arguments.Select(argument => ValueOf(argument.Name))];
        List<string> wrong = [];
        await TryAsync([]);
        await TryAsync(arguments);
        await TryAsync([.. arguments, "one-too-many"], refused: true);
        await TryAsync([.. arguments, "--no-such-option"], refused: true);
        for (var i = 0; i < arguments.Length; i++)
        {
            await TryAsync([.. arguments[..i], "", .. arguments[(i + 1)..]], refused: true);
            await TryAsync([.. arguments[..i], Huge, .. arguments[(i + 1)..]], refused: true);
            await TryAsync([.. arguments[..i], "\u001b[31mred\nline", .. arguments[(i + 1)..]], refused: true);
        }

        foreach (var option in command.Options.Where(option => option.Name is not "--help"))
        {
            var takesValue = option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);
            foreach (var spelling in new[] { option.Name }.Concat(option.Aliases))
            {
                await (takesValue ? ValuesAsync(option, spelling) : FlagAsync(spelling));
            }
        }

        await Assert.That(string.Join("\n\n", wrong)).IsEqualTo("");

        async Task ValuesAsync(Option option, string spelling)
        {
            foreach (var good in Values(option))
            {
                await TryAsync([.. arguments, spelling, good]);
                await TryAsync([.. arguments, spelling, good, spelling, good], refused: option.Arity.MaximumNumberOfValues == 1);
            }

            await TryAsync([.. arguments, spelling], refused: true);
            await TryAsync([.. arguments, spelling, ""], refused: true);
            await TryAsync([.. arguments, spelling + "="], refused: true);
            await TryAsync([.. arguments, spelling, Huge], refused: true);
            await TryAsync([.. arguments, spelling, "-1"]);
            await TryAsync([.. arguments, spelling, "\u001b[31mred\nline"]);
        }

        async Task FlagAsync(string spelling)
        {
            await TryAsync([.. arguments, spelling]);
            await TryAsync([.. arguments, spelling, spelling]);
            await TryAsync([.. arguments, spelling + "=maybe"], refused: true);
        }

        async Task TryAsync(string[] words, bool refused = false)
        {
            var ended = await EndAsync(place.Start("", [.. Words(name), .. words]));
            var shown = $"iac-ci {name} {string.Join(' ', words.Select(word => word.Length > 100 ? "HUGE" : $"'{word}'"))}\n{ended}";
            var isRefused = ended.ExitCode == 2 && ended.Errors.StartsWith("iac-ci: ", StringComparison.Ordinal)
                && ended.Errors.Length < MaxMessageChars;
            if (ended.ExitCode is not (0 or 1 or 2) || Internal().IsMatch(ended.Errors) || ended.Errors.Contains('\u001b')
                || (refused && !isRefused))
            {
                wrong.Add(shown);
            }
        }
    }

    /// <summary>A server that began to listen is stopped; everything else ends by itself.</summary>
    private static async Task<Ended> EndAsync(Started process)
    {
        await LocalFixture.UntilAsync(
            () => process.HasExited || process.ErrorsSoFar.Contains("listening on", StringComparison.Ordinal), "it ends or listens");
        if (!process.HasExited)
        {
            process.Signal(Started.Terminate);
        }

        return await process.EndAsync();
    }

    /// <summary>A folder with a job, a file, and a run that has ended; and none of this machine's settings.</summary>
    private static async Task<LocalFixture> ReadyAsync()
    {
        var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo said")).With("file.json", "{}");
        foreach (
            var variable in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(one => one.Split('_')[0] is "AWS" or "SOPS"))
        {
            place.Environment[variable] = null;
        }

        (place.Environment["HOME"], place.Environment["NO_COLOR"]) = (place.Path, "1");
        var ran = await place.RunAsync("run", "job.json", "--run-id", "tree");
        await Assert.That(ran.ExitCode).IsEqualTo(0).Because(ran.ToString());
        return place;
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    private static IEnumerable<string> Values(Option option)
    {
        if (option.HasDefaultValue)
        {
            yield return option.GetDefaultValue()!.ToString()!;
        }

        foreach (var word in Good.TryGetValue(option.HelpName!, out var good) ? [good] : option.HelpName!.Split('|'))
        {
            yield return word;
        }
    }

    private static string ValueOf(string name) =>
        Good.TryGetValue(name, out var good) ? good : throw new InvalidOperationException($"say what goes in for {name}");

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What belongs into no message: frames of a stack, names of types, and what is said of a fault of our own.</summary>
    [GeneratedRegex(@"^\s+at \w+\.|\b(System|IacCi|Microsoft|Amazon)\.[A-Z]\w+|\w+Exception\b|`\d|fault of our own|OutputFormat|RunId\b",
        RegexOptions.Multiline)]
    private static partial Regex Internal();
}
