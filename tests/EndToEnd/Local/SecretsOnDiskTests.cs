using System.Text;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>
/// A value that is secret is nowhere: not in the terminal, the logs, the results, the state, the memory disk, nor on a command line.
/// </summary>
internal sealed class SecretsOnDiskTests
{
    private const string Token = "s3cr3t/Tok+en&\"quote\"~zZ9";
    private const string Lines = "first-line-of-key\nsecond-line-of-key\nthird-line-of-key";
    private const string FromFile = "file-held-value-0123456789";

    /// <summary>Prints the secrets in every form that is masked.</summary>
    private static readonly string[] Prints =
    [
        "printf '%s\\n' \"$API_TOKEN\" \"$KEY\" \"$DB_PASSWORD_TXT\"",
        "for c in $(printf %s \"$DB_PASSWORD_TXT\" | fold -w 3); do printf %s \"$c\"; sleep 0.01; done; echo",
        "printf '%s\\n' \"$KEY\" | while read -r line; do echo \"line: $line\"; done",
        "for pad in '' a aa; do printf '%s%s' \"$pad\" \"$API_TOKEN\" | base64 -w0; echo; printf '%s%s' \"$pad\" \"$DB_PASSWORD_TXT\" | " +
            "base64; done",
        "python3 -c 'import os,json,urllib.parse as u; t=os.environ[\"API_TOKEN\"]; print(json.dumps(t), u.quote(t), u.quote(t, " +
            "safe=\"\"), u.quote_plus(t))'",
        "echo \"{\\\"leak\\\": \\\"$DB_PASSWORD_TXT\\\"}\" > $IAC_CI_EVENTS_DIR/e.json",
        "echo \"$DB_PASSWORD_TXT\" >&2; exit 3",
    ];

    private static LocalFixture Secretive(params IEnumerable<string> commands)
    {
        var order = LocalFixture.Order("a", commands);
        order["ssm_paths"] = new JsonArray("env:API_TOKEN", "env:KEY");
        order["secret_manager_paths"] = new JsonArray("file:db_password.txt");
        var place = new LocalFixture().WithOrders(order).With("db_password.txt", FromFile + "\n");
        (place.Environment["API_TOKEN"], place.Environment["KEY"]) = (Token, Lines);
        return place.With(".gitignore", "db_password.txt\n");
    }

    /// <summary>Every form in which a secret could show, by which it is looked for.</summary>
    private static IEnumerable<string> Forms()
    {
        string[] values = [Token, FromFile, .. Lines.Split('\n')];
        foreach (var value in values)
        {
            yield return value;
            yield return Uri.EscapeDataString(value);
            yield return JsonValue.Create(value).ToJsonString().Trim('"');
            for (var pad = 0; pad < 3; pad++)
            {
                // The characters of base64 that the padding does not touch.
                var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('a', pad) + value));
                yield return encoded[4..(encoded.Length - 4)];
            }
        }

        yield return "AGE-SECRET-KEY";
    }

    private static List<string> FoundIn(string text) => [.. Forms().Where(form => text.Contains(form, StringComparison.Ordinal))];

    private static List<string> FoundOnDisk(LocalFixture place) =>
        [
            .. from file in place.StateFiles()
               from form in FoundIn(Encoding.Latin1.GetString(Read(Path.Join(place.State, file))))
               select $"{file}: {form}",
        ];

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException)
        {
            // It was there for a moment only.
            return [];
        }
    }

    [Test]
    public async Task Whatever_commands_print_of_a_secret_is_masked_everywhere()
    {
        using var place = Secretive(Prints);
        var ended = await place.RunAsync("run", "job.json", "--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(1);
        var shown = ended.ToString() + await place.RunAsync("logs", place.Name) + await place.RunAsync(
            "events", place.Name, "-o", "json") + await place.RunAsync("status", place.Name, "-o", "json");
        await Assert.That(string.Join('\n', FoundIn(shown))).IsEqualTo("");
        await Assert.That(string.Join('\n', FoundOnDisk(place))).IsEqualTo("");
        await Assert.That((await place.RunAsync("logs", place.Name)).Output).Contains("***").And.Contains("line: ");
    }

    [Test]
    public async Task While_orders_run_no_secret_is_on_the_disk_nor_on_a_command_line()
    {
        using var place = Secretive([.. Prints[..^2], "echo go >> $OUT; until [ -e $OUT.go ]; do sleep 0.02; done"]);
        var process = place.Start("run", "job.json", "--run-id", place.Name);
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        await Assert.That(string.Join('\n', FoundOnDisk(place))).IsEqualTo("");
        var commandLines = Directory.EnumerateDirectories("/proc").Where(folder => char.IsDigit(Path.GetFileName(folder)[0])).Select(
            folder => Encoding.UTF8.GetString(Read(folder + "/cmdline")));
        await Assert.That(commandLines.Any(line => FoundIn(line).Count > 0)).IsFalse();
        await Assert.That(Directory.EnumerateFileSystemEntries(Path.GetTempPath(), "iac-ci-*").Any(entry => FoundIn(entry).Count > 0))
            .IsFalse();
        await Assert.That(place.Keys().Count).IsEqualTo(1);
        await Assert.That(File.GetUnixFileMode(place.Keys()[0])).IsEqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        process.Signal(Started.Kill);
        await process.EndAsync();
        await Assert.That(string.Join('\n', FoundOnDisk(place))).IsEqualTo("").Because("nothing is left in the clear by a crash");
        File.WriteAllText(place.Out + ".go", "");
        await place.RunAsync("run", "--resume", place.Name);
        await Assert.That(place.Keys().Count).IsEqualTo(0);
    }

    [Test]
    public async Task Commands_get_their_secrets_and_nothing_of_the_programs_own_environment()
    {
        using var place = Secretive("env > $OUT", "[ \"$API_TOKEN\" = '" + Token + "' ] && echo right >> $OUT");
        (
            place.Environment["AWS_SECRET_ACCESS_KEY"], place.Environment["AWS_SESSION_TOKEN"], place.Environment["SOPS_AGE_KEY"],
            place.Environment["SOME_PASSWORD"]) = ("aws-own-secret", "aws-own-session", null, "own-password");
        await Assert.That((await place.RunAsync("run", "job.json")).ExitCode).IsEqualTo(0);
        var environment = place.Lines();
        await Assert.That(environment[^1]).IsEqualTo("right");
        await Assert.That(
            environment.Any(
                line =>
                    line.Contains("own-", StringComparison.Ordinal) || line.StartsWith("AWS_", StringComparison.Ordinal)
                        || line.StartsWith("CALLBACK_URL", StringComparison.Ordinal)))
            .IsFalse();
        string[] promised =
            ["TRACE_ID=", "RUN_ID=", "ORDER_ID=", "ORDER_NUM=0001", "FLOW_ID=", "TIMEOUT=60", "IAC_CI_EVENTS_DIR=", "PATH=", "HOME=",
                "API_TOKEN=", "DB_PASSWORD_TXT=", "OUT="];
        var missing = promised.Where(name => !environment.Any(line => line.StartsWith(name, StringComparison.Ordinal)));
        await Assert.That(string.Join(' ', missing)).IsEqualTo("");
    }

    [Test]
    public async Task A_secret_that_is_not_there_is_named_and_nothing_is_made()
    {
        using var place = Secretive("true");
        place.Environment.Remove("API_TOKEN");
        var ended = await place.RunAsync("run", "job.json", "--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains("orders[0] (a): env:API_TOKEN").And.Contains("not set");
        await Assert.That((await place.RunAsync("status", place.Name)).ExitCode).IsEqualTo(2);
        await Assert.That(place.Keys().Count).IsEqualTo(0);
    }
}
