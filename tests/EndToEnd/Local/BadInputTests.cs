namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What cannot be run is refused with exit code 2, all that is wrong at once, each with its place; and nothing is made.</summary>
internal sealed class BadInputTests
{
    private const string Wrong = """
        max_parallel: 0
        colour: blue
        orders:
          - order_name: a
            cmds: []
            timeout: 10
          - order_name: a
            cmds: [ls]
            timeout: 0
            dependencies: [a, zz]
          - order_name: _job
            cmds: [ls]
            timeout: 10
            env_vars: {1X: y}
          - order_name: left
            cmds: [ls]
            timeout: 10
            dependencies: [right]
          - order_name: right
            cmds: [ls]
            timeout: 10
            dependencies: [left]
            git_folder: ../up
            commit_hash: not-hex
            execution_target: lambda
            use_lambda: false
        """;

    private static readonly string[] Places =
    [
        "job.yaml:1: max_parallel", "job.yaml:2: colour", "orders[0].cmds", "orders[1].order_name", "orders[1].timeout",
        "orders[1].dependencies[1]", "orders[2].order_name",
        "orders[2].env_vars", "left", "orders[4].git_folder", "orders[4].commit_hash", "orders[4].use_lambda",
    ];

    [Test]
    [Arguments("validate")]
    [Arguments("run")]
    public async Task All_errors_of_a_job_are_listed_with_path_and_line(string command)
    {
        using var place = new LocalFixture().With("job.yaml", Wrong);
        var ended = await place.RunAsync(command, "job.yaml");
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(string.Join(" | ", Places.Where(at => !(ended.Output + ended.Errors).Contains(at, StringComparison.Ordinal))))
            .IsEqualTo("")
            .Because(ended.ToString());
        await Assert.That(Directory.Exists(place.State)).IsFalse();
    }

    [Test]
    [Arguments("frobnicate", "frobnicate", "iac-ci --help")]
    [Arguments("run job.json --frob", "--frob", "iac-ci run --help")]
    [Arguments("run --frob job.json", "--frob", "iac-ci run --help")]
    [Arguments("status --frob", "--frob", "iac-ci status --help")]
    [Arguments("run", "name a job file, or a run with --resume", "iac-ci run --help")]
    [Arguments("run job.json --resume x", "name a job file, or a run with --resume", "iac-ci run --help")]
    [Arguments("run job.json --parallel 0", "--parallel has to be a whole number from 1 to 1,000; found '0'", "iac-ci run --help")]
    [Arguments("logs", "RUN is missing: iac-ci logs RUN [ORDER]", "iac-ci logs --help")]
    [Arguments("statsu", "there is no command 'statsu'; did you mean status?", "iac-ci --help")]
    [Arguments("secrets", "name a command: keygen, encrypt, decrypt", "iac-ci secrets --help")]
    [Arguments("secrets encript x", "did you mean encrypt?", "iac-ci secrets --help")]
    [Arguments("run job.json --paralel 2", "there is no option '--paralel'; did you mean --parallel?", "iac-ci run --help")]
    [Arguments("run --resume x --source .", "--source does not go with --resume", "iac-ci run --help")]
    [Arguments("run --resume x --run-id y", "--run-id does not go with --resume", "iac-ci run --help")]
    [Arguments("run --resume", "--resume needs a value: --resume RUN", "iac-ci run --help")]
    [Arguments("run job.json --parallel 2 --parallel 2", "--parallel is given 2 times; give it once", "iac-ci run --help")]
    [Arguments("run job.json -o xml", "--output has to be text or json; found 'xml'", "iac-ci run --help")]
    [Arguments("run job.json two", "'two' is one word too many; 'run' takes JOB", "iac-ci run --help")]
    public async Task Wrong_usage_is_named_with_where_to_find_help(string arguments, string named, string hint)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        var ended = await place.RunAsync(arguments.Split(' '));
        await Assert.That((ended.ExitCode, ended.Output)).IsEqualTo((2, ""));
        await Assert.That(ended.Errors).Contains(named).And.Contains($"'{hint}'");
        await Assert.That(Directory.Exists(place.State)).IsFalse();
    }

    [Test]
    [Arguments("run nope.yaml", "nope.yaml")]
    [Arguments("run job.json --source nope", "--source 'nope' is not a folder")]
    [Arguments("run job.json --run-id -x", "-x")]
    [Arguments("run job.json --run-id a/b", "a/b")]
    [Arguments("run .", "cannot read the job '.': it is a folder; name a file")]
    [Arguments("secrets keygen -y .", ". cannot be read: it is a folder; name a file")]
    [Arguments("run --resume x", "there are no runs in")]
    [Arguments("status", "there are no runs in")]
    [Arguments("logs x", "there are no runs in")]
    [Arguments("events x", "there are no runs in")]
    public async Task What_is_not_there_is_named_and_nothing_is_made(string arguments, string named)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        var ended = await place.RunAsync(arguments.Split(' '));
        await Assert.That((ended.ExitCode, ended.Output)).IsEqualTo((2, "")).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains(named);
        await Assert.That(Directory.Exists(place.State)).IsFalse();
    }

    [Test]
    [Arguments("run job.json")]
    [Arguments("status")]
    public async Task A_state_file_that_is_none_is_refused_and_left_alone(string arguments)
    {
        using var place = new LocalFixture()
            .WithOrders(LocalFixture.Order("a", "echo ran >> $OUT"))
            .With(".iac-ci/state.db", new string('x', 5_000));
        var ended = await place.RunAsync(arguments.Split(' '));
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains("state.db").And.Contains("--state-dir");
        await Assert.That(File.ReadAllText(place[".iac-ci/state.db"])).IsEqualTo(new string('x', 5_000));
        await Assert.That(place.Lines().Count).IsEqualTo(0);
    }

    [Test]
    [Arguments(".iac-ci", "is no folder")]
    [Arguments(".iac-ci/internal", "internal")]
    public async Task A_file_where_a_folder_is_needed_is_named(string file, string named)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true")).With(file, "a file").Private(".iac-ci");
        var ended = await place.RunAsync("run", "job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains(named).And.DoesNotContain("fault of our own");
    }
}
