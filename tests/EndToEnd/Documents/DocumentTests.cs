using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IacCi.Commands;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.Documents;

/// <summary>
/// Every command line, every job and every figure of README.md, docs/, examples/ and <c>--help</c>, as it stands there. What needs an
/// account of AWS runs on the emulated one (<see cref="DocumentsOnAwsTests"/>).
/// </summary>
internal sealed partial class DocumentTests
{
    /// <summary>What does not run here, by how the line begins, and why.</summary>
    internal static readonly Dictionary<string, string> NotHere = new()
    {
        ["./build.sh test"] = "runs this test",
        ["./build.sh sim "] = "'./build.sh test' runs the simulator in suites of its own",
        ["./build.sh deploy "] = "tests/deploy/run.sh deploys with the real Terraform",
        ["./build.sh destroy "] = "tests/deploy/run.sh destroys with the real Terraform",
        ["iac-ci prune --older-than 30d --keep 20"] = "is for one machine, on a page whose commands run on AWS; PruneTests run it",
        ["eval \"$(terraform -chdir=terraform/02-deploy "] = "reads the state of a deployment; tests/deploy/run.sh makes one",
    };

    /// <summary>What runs on the emulated AWS.</summary>
    internal static readonly string[] OnAws = ["docs/operations.md"];

    [Test]
    public async Task Every_block_says_what_it_is()
    {
        string[] languages = ["sh", "console", "yaml", "json", "hcl", "dockerfile", "mermaid", "text"];
        await Assert.That(Pages.Blocks.Where(block => !languages.Contains(block.Language))).IsEmpty();
    }

    [Test]
    public async Task Every_command_of_a_page_runs_here_or_on_the_emulated_aws_or_says_why_not()
    {
        using var folder = await ReadyAsync();
        foreach (var block in Pages.Blocks.Where(block => block.Language is "sh" or "console" && !OnAws.Contains(block.File)))
        {
            foreach (var line in block.Commands.Where(line => !NotHere.Keys.Any(beginning => line.StartsWith(beginning,
                StringComparison.Ordinal))))
            {
                await RunAsync(folder, line);
            }
        }
    }

    [Test]
    public async Task Every_job_of_a_page_is_valid_without_a_warning_and_runs()
    {
        using var folder = await ReadyAsync();
        foreach (
            var block in Pages.Blocks.Where(block => block.Language == "yaml" && block.Text.Contains("orders:", StringComparison.Ordinal)))
        {
            var name = NamedFile().Match(block.Text).Groups[1].Value;
            await Assert.That(name).IsNotEmpty().Because($"{block}: the first line names the file: # network.yaml");
            folder.With(name, block.Text);
            await Assert.That((await folder.RunAsync($"iac-ci validate {name}")).Errors).IsEmpty();
            await RunAsync(folder, $"iac-ci run {name}");
        }
    }

    [Test]
    public async Task Every_example_is_valid_without_a_warning_and_runs_as_its_comment_says()
    {
        using var folder = await ReadyAsync();
        foreach (var job in Pages.Jobs)
        {
            var commands = Pages.CommandsIn(job).ToList();
            await Assert.That(commands).Contains($"iac-ci run {job}");
            await Assert.That((await folder.RunAsync($"iac-ci validate {job}")).Errors).IsEmpty();
            foreach (var line in commands)
            {
                await RunAsync(folder, line);
            }
        }
    }

    [Test]
    public async Task Every_example_of_help_runs()
    {
        using var folder = await ReadyAsync();
        foreach (var command in Leaves(Cli.Root()).Where(command => command is not RoleCommand))
        {
            var examples = ExamplesOf(command);
            await Assert.That(examples).IsNotEmpty().Because(command.Name);
            foreach (var line in examples)
            {
                await RunAsync(folder, line);
            }
        }
    }

    [Test]
    public async Task Every_command_and_option_that_a_page_names_is_there()
    {
        foreach (var (file, text) in Pages.Spans("iac-ci "))
        {
            var parsed = Cli.Root().Parse([.. text.Split(' ')[1..].Select(word => word.Trim('[', ']'))]);
            var isThere = text is "iac-ci --help" or "iac-ci --version"
                || (parsed.CommandResult.Command is not RootCommand && !parsed.UnmatchedTokens.Any(word => word.StartsWith('-')));
            await Assert.That(isThere).IsTrue().Because($"{file}: {text}");
        }

        var help = await File.ReadAllTextAsync(Path.Join(Pages.Root, "build.sh"));
        foreach (var (file, text) in Pages.Spans("./build.sh "))
        {
            await Assert.That(help)
                .Contains($"\n./build.sh {text.Split(' ')[1]} ").Or.Contains($"\n  {text.Split(' ')[1]}|")
                .Because($"{file}: {text}");
        }
    }

    [Test]
    public async Task Settings_and_policies_of_a_page_are_settings_and_policies()
    {
        var variables = await File.ReadAllTextAsync(Path.Join(Pages.Root, "terraform/02-deploy/variables.tf"));
        foreach (var block in Pages.Blocks)
        {
            if (block.Language == "json")
            {
                using var policy = JsonDocument.Parse(block.Text);
            }

            foreach (var line in block.Language == "hcl" ? block.Lines : [])
            {
                await Assert.That(variables).Contains($"variable \"{line.Split(' ')[0]}\"").Because($"{block}");
            }
        }
    }

    [Test]
    public async Task The_size_in_the_readme_is_that_of_the_published_file()
    {
        var bytes = new FileInfo(Binary.Require()).ResolveLinkTarget(returnFinalTarget: true) is FileInfo target
            ? target.Length
            : new FileInfo(Binary.Path).Length;
        Skip.When(bytes < 5_000_000, "IAC_CI_BINARY is not the published file");
        var said = Megabytes().Match(await File.ReadAllTextAsync(Path.Join(Pages.Root, "README.md"))).Groups[1].Value;
        await Assert.That(Math.Abs(double.Parse(said, CultureInfo.InvariantCulture) - (bytes / 1e6)))
            .IsLessThanOrEqualTo(1)
            .Because($"README says {said}; it has {bytes:N0} bytes");
    }

    /// <summary>The lines of a command's help that are command lines, with <c>Example:</c> in front of the first.</summary>
    internal static List<string> ExamplesOf(Command command) =>
        [.. Example().Matches(command.Description!).Select(match => match.Groups[1].Value)];

    internal static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    /// <summary>Runs a line. A server is started, waited for, and ended; the repository's own script runs in the repository.</summary>
    private static async Task RunAsync(Folder folder, string line)
    {
        if (!Serve().IsMatch(line))
        {
            await folder.RunAsync(line, line.StartsWith("./build.sh", StringComparison.Ordinal) ? Pages.Root : null);
            return;
        }

        using var server = folder.Start($"exec env {line}");
        await LocalFixture.UntilAsync(
            () => server.HasExited || server.ErrorsSoFar.Contains("listening on", StringComparison.Ordinal), "the server listens, or ends");
        server.Signal(Started.Terminate);
        var ended = await server.EndAsync();

        // Somebody else may have the port of the documents; then the server has to say so.
        await Assert.That(
            ended.ExitCode == 0
                || ended.Errors.Contains("another program listens on this port; choose another with --listen", StringComparison.Ordinal))
            .IsTrue().Because($"{line}\n{ended}");
    }

    /// <summary>
    /// What the documents speak of: a job, files with keys and secrets, a run that begins with 0b6c and one that begins with a3f7b2c1.
    /// </summary>
    private static async Task<Folder> ReadyAsync()
    {
        var folder = new Folder()
            .With("here.yaml", "orders:\n- {order_name: cluster, cmds: [echo made], timeout: 60}\n")
            .With(
                "job.yaml",
                "username: me\norders:\n- {order_name: cluster, cmds: [echo made], timeout: 60, s3_location: 's3://bucket/code.zip'}\n")
            .With("app.json", """{"password": "a secret of the application"}""")
            .With("secret.txt", "a secret of the webhook\n")
            .With("update-dns.sh", "#!/bin/sh\necho updated\n");
        File.SetUnixFileMode(folder["update-dns.sh"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        foreach (var part in new[] { "vpc", "cluster" })
        {
            folder.With($"{part}/main.tf", $$"""
                terraform {
                  backend "local" {
                    path = "{{folder["states"]}}/{{part}}.tfstate"
                  }
                }

                resource "terraform_data" "{{part}}" {}
                """);
        }

        folder.With("network.yaml", Pages.Blocks.Single(block => block.Text.StartsWith("# network.yaml", StringComparison.Ordinal)).Text);
        (
            folder.Environment["CLUSTER_TOKEN"], folder.Environment["CI"],
            folder.Environment["IAC_CI_BINARY"]) = ("a token of the cluster", "1", Binary.Require());
        await folder.RunAsync(
            "iac-ci run here.yaml --run-id 0b6c7f02-49b1-4cc5-9d0e-5f1f6e6f7a01 && iac-ci run here.yaml --run-id a3f7b2c1-run");
        return folder;
    }

    [GeneratedRegex(@"^# (\S+\.yaml)\n")]
    private static partial Regex NamedFile();

    [GeneratedRegex(@"executable of ([0-9.]+) MB")]
    private static partial Regex Megabytes();

    [GeneratedRegex(@"^(?:Examples?:)?[ \t]*((?:[A-Z_]+=\S+ )*iac-ci .+)$", RegexOptions.Multiline)]
    private static partial Regex Example();

    [GeneratedRegex(@"\biac-ci serve\b")]
    private static partial Regex Serve();
}
