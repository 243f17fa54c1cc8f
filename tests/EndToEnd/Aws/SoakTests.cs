using System.Net;
using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>
/// Everything goes wrong at once, by a seed: events twice, late, out of order or lost; calls throttled, failed or cut off; processes
/// killed. What is promised (design: G1 to G4) is looked at from outside. Another seed: IAC_CI_SOAK_SEED.
/// </summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class SoakTests(PublishedAwsFixture published)
{
    private const int Orders = 24;
    private const int MaxSubmissions = 40;
    private const int MaxRounds = 60;

    private static readonly StackOptions Impatient = new() { PollSeconds = 4, FunctionTimeout = 8 };

    [Test]
    public async Task Whatever_goes_wrong_no_order_runs_twice_and_every_job_ends()
    {
        var seed = int.Parse(
            Environment.GetEnvironmentVariable("IAC_CI_SOAK_SEED") ?? "20", System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var stack = await published.NewStackAsync(Impatient);
        using var diary = new RunHistory();
        var orders = Enumerable.Range(0, Orders).Select(i => Order(stack, diary, i, random)).ToList();
        var faults = Faults(stack).Select(published.Aws.Faults.Add).ToList();

        await SubmitAsync(stack, orders);
        var rounds = await EndAsync(stack, diary);
        faults.ForEach(fault => fault.Dispose());
        await published.Aws.UntilAsync(
            async () => IsFinal((await published.StatusesAsync(stack, "run-1"))["0000"]), PublishedAwsFixture.Soon,
            $"the job is final (seed {seed})");

        await Assert.That(faults.Sum(fault => fault.Hits)).IsGreaterThan(Orders).Because($"seed {seed}, {rounds} rounds");
        await Guarantees.HoldAsync(published, stack, "run-1", diary, orders);
    }

    private static bool IsFinal(string status) => status is "succeeded" or "failed" or "timed_out";

    private static JsonObject Order(Deployment stack, RunHistory diary, int i, Random random)
    {
        var after = Enumerable.Range(0, i).OrderBy(_ => random.Next()).Take(random.Next(3)).Select(d => $"o{d}");
        return diary.Order(stack, $"o{i}", random.Next(4) == 0
            ? "codebuild"
            : "lambda", random.Next(12) == 0
            ? "false"
            : "sleep 0.0" + random.Next(10), [.. after]);
    }

    private static IEnumerable<Fault> Faults(Deployment stack)
    {
        var objects = $"{stack.InternalBucket}/*";
        yield return new Fault(FaultKind.Duplicate) { Service = Fault.S3Event, Resource = objects, Probability = 0.3 };
        yield return new Fault(FaultKind.Delay)
        {
            Service = Fault.S3Event,
            Resource = objects,
            Probability = 0.5,
            Delay = TimeSpan.FromMilliseconds(400),
            Jitter = true
        };
        yield return new Fault(FaultKind.Batch) { Service = Fault.S3Event, Resource = objects, Probability = 0.2 };
        yield return new Fault(FaultKind.Drop) { Service = Fault.S3Event, Resource = objects, Probability = 0.15 };
        yield return new Fault(FaultKind.Duplicate) { Service = Fault.AsyncInvoke, Resource = stack.Work, Probability = 0.3 };
        yield return new Fault(FaultKind.Kill)
        {
            Service = Fault.LambdaRun,
            Resource = stack.Work,
            Probability = 0.1,
            Delay = TimeSpan.FromMilliseconds(120),
            Jitter = true
        };
        yield return new Fault(FaultKind.Kill)
        {
            Service = Fault.BuildRun,
            Resource = stack.Project,
            Probability = 0.2,
            Delay = TimeSpan.FromMilliseconds(200),
            Jitter = true
        };
        foreach (var role in new[] { stack.Webhook, stack.Orchestrate, stack.Watchdog })
        {
            yield return new Fault(FaultKind.Throttle) { Caller = role, Probability = 0.04 };
            yield return new Fault(FaultKind.FailAfter) { Caller = role, Probability = 0.02 };
            yield return new Fault(FaultKind.HangUpAfter) { Caller = role, Probability = 0.02 };
            yield return new Fault(FaultKind.KillBefore) { Caller = role, Probability = 0.005 };
            yield return new Fault(FaultKind.KillAfter) { Caller = role, Probability = 0.01 };
        }

        yield return new Fault(FaultKind.Throttle) { Caller = "presigned", Resource = objects, Probability = 0.1 };
        yield return new Fault(FaultKind.HangUpAfter) { Caller = "presigned", Resource = objects, Probability = 0.05 };
    }

    private async Task SubmitAsync(Deployment stack, List<JsonObject> orders)
    {
        for (var attempt = 0; attempt < MaxSubmissions; attempt++)
        {
            if (await published.PostAsync(stack, "run-1", [.. orders]) is { Status: HttpStatusCode.OK })
            {
                return;
            }
        }

        throw new TimeoutException($"{MaxSubmissions} submissions were not accepted");
    }

    /// <summary>Until the run is done. Whenever all is at rest, time flies: what nobody works on any more is old.</summary>
    private async Task<int> EndAsync(Deployment stack, RunHistory diary)
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
            if ((await published.Aws.Api.S3Async(HttpMethod.Get, $"/{stack.DoneBucket}/run-1/done")).Status == HttpStatusCode.OK)
            {
                return round;
            }

            await PassTimeAsync(stack);
            var seen = published.Aws.Functions.Invocations(stack.Orchestrate).Count;
            await published.Aws.UntilAsync(
                () =>
                    published.Aws.Functions.Invocations(stack.Orchestrate).Count > seen, PublishedAwsFixture.Soon,
                    $"somebody looks again; the diary: {string.Join(", ", diary.Lines)}");
        }

        throw new TimeoutException($"the run is not done after {MaxRounds} rounds");
    }

    private async Task PassTimeAsync(Deployment stack)
    {
        foreach (var (num, status) in await published.StatusesAsync(stack, "run-1"))
        {
            if (num == "0000" || status is not ("dispatching" or "running"))
            {
                continue;
            }

            if ((await published.Aws.Api.S3Async(HttpMethod.Head,
                $"/{stack.InternalBucket}/tmp/claims/run-1/{num}")).Status == HttpStatusCode.OK)
            {
                await published.Aws.AgeAsync(stack.InternalBucket, $"tmp/claims/run-1/{num}", TimeSpan.FromHours(1));
            }
            else
            {
                await WatchedTests.LookMuchLaterAsync(published, stack, "run-1", num);
            }
        }
    }
}
