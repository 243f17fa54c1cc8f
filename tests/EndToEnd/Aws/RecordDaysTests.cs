using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Dynamo;
using IacCi.Core.Model;
using IacCi.Emulated.Stacks;
using IacCi.Tests.Contract;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>How long records live on AWS: what a person asks about last week is there, and whole logs are there for a day.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class RecordDaysTests(PublishedAwsFixture published)
{
    private const long Day = 86_400, Hour = 3_600, OneMore = 1;

    [Test]
    [Arguments("", 30 * Day, 90 * Day)]
    [Arguments("120", 120 * Day, 120 * Day)]
    [Arguments("1", Hour + Day, 90 * Day)]
    public async Task Records_live_as_long_as_is_set_and_never_less_than_a_day_after_the_deadline(
        string days, long records, long eventsOfJobs)
    {
        var stack = await published.NewStackAsync(
            new StackOptions { Variables = new Dictionary<string, string> { [AwsSettings.RecordDaysVariable] = days } });
        await published.SubmitAsync(
            stack, "run-1", PublishedAwsFixture.Order(stack, "a", "lambda", "echo a"),
            PublishedAwsFixture.Order(stack, "b", "lambda", "echo b", "a"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        var items = await published.ItemsAsync(stack.OrdersTable);
        var created = Seconds(items.Single(item => (string)item["pk"]! == "run-1:0000")["created_at"]!);
        await Assert.That(items.Select(item => Seconds(item["ttl"]!) - OneMore - created).Distinct()).IsEquivalentTo([records]);
        var locks = await published.ItemsAsync(stack.LocksTable);
        await Assert.That(locks.Select(item => Seconds(item["ttl"]!) - OneMore - created)).IsEquivalentTo([Hour + Day]);
        foreach (var happened in await published.ItemsAsync(stack.EventsTable))
        {
            var expected = (string)happened["order_name"]! == RunEvent.JobEventName ? eventsOfJobs : 90 * Day;
            await Assert.That(Seconds(happened["ttl"]!) - OneMore - Seconds(happened["epoch"]!)).IsEqualTo(expected);
        }
    }

    [Test]
    public async Task Objects_live_a_day()
    {
        var buckets = await File.ReadAllTextAsync(Path.Join(Repository.Root, "terraform", "02-deploy", "buckets.tf"));
        var rule = buckets[buckets.IndexOf("resource \"aws_s3_bucket_lifecycle_configuration\" \"this\"", StringComparison.Ordinal)..];
        await Assert.That(rule[..rule.IndexOf("\n}", StringComparison.Ordinal)])
            .Contains("for_each = local.buckets").And.Contains("filter {}");
        await Assert.That(string.Join(' ', rule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
            .Contains("expiration { days = 1 }");
    }

    [Test]
    public async Task Status_finds_what_ran_last_Monday()
    {
        var stack = await published.NewStackAsync();
        var today = TimeProvider.System.GetUtcNow().UtcDateTime.Date;
        var monday = new DateTimeOffset(today.AddDays(-7 - ((int)today.DayOfWeek + 6) % 7), TimeSpan.Zero);
        await RecordAsync(stack, "last-monday", monday.AddHours(10));
        await RecordAsync(stack, "last-tuesday", monday.AddHours(34));
        await RecordAsync(stack, "sunday-before", monday.AddHours(-1));
        var (from, to) = (Day(monday), Day(monday.AddDays(1)));
        var list = await StatusAsync(stack, 0, "--since", from, "--until", to, "--output", "json");
        await Assert.That(list.Json.AsArray().Select(run => (string)run!["run_id"]!)).IsEquivalentTo(["last-monday"]);
        await Assert.That((await StatusAsync(stack, 0, "last-monday")).Output).Contains("last-monday failed").And.Contains("job_timeout");
        await Assert.That((await StatusAsync(stack, 0, "--output", "json")).Json.AsArray().Count).IsEqualTo(3);

        static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    [Test]
    [Arguments("0")]
    [Arguments("-1")]
    [Arguments("3651")]
    [Arguments("99999999999999999999")]
    [Arguments("1.5")]
    [Arguments("30d")]
    [Arguments("３０")]
    public async Task A_number_of_days_out_of_range_is_refused_by_each_role(string days)
    {
        var stack = await published.FirstStackAsync();
        stack = stack with { Variables = new Dictionary<string, string>(stack.Variables) { [AwsSettings.RecordDaysVariable] = days } };
        foreach (var role in new[] { "webhook", "orchestrate", "watchdog" })
        {
            using var started = published.Start(stack, "{}", role, "--event", "-");
            var ended = await started.EndAsync();
            await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
            await Assert.That(ended.Errors.Trim()).IsEqualTo(
                $"iac-ci: the variable IAC_CI_RECORD_DAYS is '{days}'; set it to a number of days from 1 to 3650");
        }

        await StatusAsync(stack, 2, "--output", "json");
    }

    /// <summary>A run of the past, as its records stand: no clock of another process can be set.</summary>
    private async Task RecordAsync(Deployment stack, string name, DateTimeOffset at)
    {
        var tables = new DynamoTables(stack.OrdersTable, stack.EventsTable, stack.LocksTable);
        var variables = published.Aws.Variables;
        using var clients = new AwsClients(
            variables.GetValueOrDefault, new BasicAWSCredentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]));
        var store = new DynamoRunStore(clients.DynamoDb, tables, stack.InternalBucket, TimeProvider.System, RandomNumberGenerator.GetBytes);
        var run = RunId.Parse(name);
        var trace = TraceId.Parse(((uint)at.ToUnixTimeSeconds()).ToString("x8", CultureInfo.InvariantCulture));
        await store.CreateJobAsync(
            Samples.Job(Samples.NewRun(), 1, at) with { RunId = run, TraceId = trace, FlowId = trace.FlowId("zoe", "exec") }, default);
        await store.ActivateAsync(
            Samples.Lock(Samples.NewRun(), 1) with { RunId = run, TraceId = trace, Deadline = at.AddHours(1) }, at, default);
        await store.AdvanceJobAsync(
            run,
            new JobChange
            {
                From = JobStatus.Active,
                To = JobStatus.Finalizing,
                At = at.AddHours(1),
                Outcome = JobStatus.Failed,
                FailureReason = "job_timeout"
            },
            default);
        await store.AdvanceJobAsync(
            run, new JobChange { From = JobStatus.Finalizing, To = JobStatus.Failed, At = at.AddHours(1) }, default);
    }

    private static long Seconds(JsonNode number) => (long)decimal.Parse((string)number!, CultureInfo.InvariantCulture);

    private async Task<Ended> StatusAsync(Deployment stack, int exitCode, params string[] arguments)
    {
        using var started = published.Start(stack, "", ["status", .. arguments]);
        var ended = await started.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(exitCode).Because(ended.ToString());
        return ended;
    }
}
