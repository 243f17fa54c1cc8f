using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;
using IacCi.Tests.Unit.Code;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Worker;

internal sealed class WorkerTests
{
    private const string Secret = "p4ss-w0rd/of+the=database";

    [Test]
    public async Task An_order_is_run_and_its_masked_result_reported()
    {
        using var house = new House(
            "echo user:$DB_PASSWORD; printf %s \"x$DB_PASSWORD\" | base64; echo \"{\\\"pw\\\": \\\"$DB_PASSWORD\\\"}\" > " +
                "$IAC_CI_EVENTS_DIR/e.json; echo $REGION");
        var ending = await house.RunAsync();
        await Assert.That(ending).IsEqualTo(new WorkerEnding.Reported(OrderStatus.Succeeded, FirstResult: true));
        await Assert.That(house.Result.Log).StartsWith("user:***\n").And.EndsWith("\neu-west-1\n");
        await Assert.That(house.Result.Events[0]).IsEqualTo("""{"pw":"***"}""");
        await Assert.That(house.Result.ExitCode).IsEqualTo(0);
        await Assert.That(house.Live.Text).IsEqualTo(house.Result.Log);
        await Assert.That(house.Everything).DoesNotContain(Secret).And.DoesNotContain("DB_PASSWORD=p4ss");
    }

    [Test]
    public async Task Nothing_is_left_on_the_disk_and_no_secret_ever_was_there()
    {
        using var house = new House(
            "grep -rlF -e \"$DB_PASSWORD\" ../.. || echo not on disk; tr '\\0' ' ' < /proc/$PPID/cmdline | grep -cF -e " +
                "\"$DB_PASSWORD\"; chmod -R a-w ..");
        _ = await house.RunAsync();
        await Assert.That(house.Result.Log).IsEqualTo("not on disk\n0\n");
        await Assert.That(Directory.GetFileSystemEntries(house.Root).Length).IsEqualTo(0);
    }

    [Test]
    public async Task A_claim_that_is_taken_runs_nothing_and_reports_nothing()
    {
        using var house = new House("touch " + Path.Join(Path.GetTempPath(), "never-touched"));
        house.Claims.Enqueue(() => ClaimOutcome.Taken.Instance);
        await Assert.That(await house.RunAsync()).IsEqualTo(WorkerEnding.LeftAlone.Instance);
        await Assert.That(house.Live.Text).IsEqualTo("");
        await Assert.That(house.Reported.Count).IsEqualTo(0);
        await Assert.That(Directory.GetFileSystemEntries(house.Root).Length).IsEqualTo(0);
    }

    [Test]
    public async Task A_claim_whose_answer_was_lost_is_repeated_by_the_same_worker_with_the_time_of_each_attempt()
    {
        using var house = new House("echo once");
        house.Claims.Enqueue(() => throw new IOException("connection reset"));
        house.Claims.Enqueue(() => throw new StoreUnavailableException("throttled"));
        await Assert.That(await house.RunAsync()).IsTypeOf<WorkerEnding.Reported>();
        await Assert.That(house.Claimed.Count).IsEqualTo(3);
        var claims = house.Claimed.Select(content => OrderClaim.Parse(Encoding.UTF8.GetBytes(content))).ToList();
        await Assert.That(claims.Select(claim => claim.WorkerId).Distinct().Count()).IsEqualTo(1);
        await Assert.That(claims.Zip(claims.Skip(1)).All(pair => pair.First.ClaimedAt < pair.Second.ClaimedAt)).IsTrue();
        await Assert.That(house.Result.Log).IsEqualTo("once\n");
    }

    [Test]
    public async Task A_claim_that_stays_unknown_or_is_refused_runs_nothing()
    {
        using var house = new House("echo never");
        house.ClaimAlways = () => throw new IOException("away");
        await Assert.That(await house.RunAsync()).IsTypeOf<WorkerEnding.NotClaimed>();
        house.ClaimAlways = () => new ClaimOutcome.Refused("the signature has expired");
        await Assert.That(await house.RunAsync()).IsTypeOf<WorkerEnding.NotClaimed>();
        await Assert.That(house.Live.Text).IsEqualTo("");
        await Assert.That(house.Reported.Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_changed_bundle_is_claimed_and_reported_but_not_run()
    {
        using var house = new House("echo never");
        _ = house.Order;
        house.Bundle[^30] ^= 1;
        _ = await house.RunAsync();
        await Assert.That(house.Result.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(house.Result.FailureReason).IsEqualTo("bundle_invalid: its SHA-256 is not the one it was dispatched with");
        await Assert.That(house.Result.Log).StartsWith("iac-ci: nothing was run: bundle_invalid");
    }

    [Test]
    public async Task A_bundle_that_is_no_zip_is_reported()
    {
        using var house = new House("echo never") { Bundle = [1, 2, 3] };
        house.Order = house.Order with { ExecSha256 = Convert.ToHexStringLower(SHA256.HashData(house.Bundle)) };
        _ = await house.RunAsync();
        await Assert.That(house.Result.FailureReason).StartsWith("bundle_invalid: the archive is damaged or no zip");
        await Assert.That(Directory.GetFileSystemEntries(house.Root).Length).IsEqualTo(0);
    }

    [Test]
    public async Task A_key_that_does_not_fit_is_reported()
    {
        using var house = new House("echo never") { Identity = AgeIdentity.Generate() };
        _ = await house.RunAsync();
        await Assert.That(house.Result.FailureReason).StartsWith("decrypt_failed: ");
        await Assert.That(Directory.GetFileSystemEntries(house.Root).Length).IsEqualTo(0);
    }

    [Test]
    public async Task A_report_is_repeated_until_it_is_accepted()
    {
        using var house = new House("exit 4");
        house.Reports.Enqueue(() => throw new IOException("connection reset"));
        house.Reports.Enqueue(() => throw new IOException("connection reset"));
        await Assert.That(await house.RunAsync()).IsEqualTo(new WorkerEnding.Reported(OrderStatus.Failed, FirstResult: true));
        await Assert.That(house.Reported.Count).IsEqualTo(3);
        await Assert.That(house.Result.ExitCode).IsEqualTo(4);
    }

    [Test]
    public async Task A_result_that_stands_already_ends_the_worker_and_so_does_a_refusal()
    {
        using var house = new House("true");
        house.Reports.Enqueue(() => ReportOutcome.AlreadyReported.Instance);
        house.Reports.Enqueue(() => new ReportOutcome.Refused("expired"));
        await Assert.That(await house.RunAsync()).IsEqualTo(new WorkerEnding.Reported(OrderStatus.Succeeded, FirstResult: false));
        await Assert.That(await house.RunAsync()).IsEqualTo(new WorkerEnding.ReportLost(OrderStatus.Succeeded, "expired"));
    }

    [Test]
    public async Task A_cancelled_order_is_reported_as_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        using var house = new House("echo ready; exec sleep 1000");
        var running = house.RunAsync(cancel.Token);
        await house.Live.Saw("ready");
        await cancel.CancelAsync();
        await running;
        await Assert.That(house.Result.FailureReason).IsEqualTo("cancelled");
    }

    [Test]
    public async Task A_secret_too_short_to_mask_is_named()
    {
        using var house = new House("echo done") { Password = "abc" };
        _ = await house.RunAsync();
        await Assert.That(house.Result.Log).IsEqualTo("iac-ci: the secret DB_PASSWORD has fewer than 4 bytes: it is not masked\ndone\n");
    }

    [Test]
    public async Task An_order_that_leaves_state_fails_and_says_where_it_is_and_what_to_do()
    {
        using var house = new House("echo '{\"version\": 4}' > terraform.tfstate; echo applied");
        _ = await house.RunAsync();
        await Assert.That(house.Result.Status).IsEqualTo(OrderStatus.Failed);
        await Assert.That(house.Result.ExitCode).IsEqualTo(0);
        await Assert.That(house.Result.FailureReason).StartsWith("state_left: ").And.Contains("(terraform.tfstate)")
            .And.Contains("result.json, member kept_state")
                .And.Contains("backend")
                .And.Contains("workspace: in_place")
                .And.Contains("keep_changes: discard");
        await Assert.That(house.Result.Log).StartsWith(
            "applied\niac-ci: this order leaves Terraform state in its copy of the code, which is removed now: terraform.tfstate\n");
        await Assert.That(house.KeptState("terraform.tfstate")).IsEqualTo("{\"version\": 4}\n");
    }

    [Test]
    [Arguments("exit 3", "command_failed: exit code 3 of command 1 of 1; Terraform state", OrderStatus.Failed)]
    [Arguments("echo ready; exec sleep 1000", "cancelled; Terraform state", OrderStatus.Failed)]
    public async Task State_is_kept_however_the_order_ends(string then, string reason, OrderStatus status)
    {
        using var cancel = new CancellationTokenSource();
        using var house = new House("echo state > errored.tfstate; " + then);
        var running = house.RunAsync(cancel.Token);
        if (then.Contains("ready", StringComparison.Ordinal))
        {
            await house.Live.Saw("ready");
            await cancel.CancelAsync();
        }

        await running;
        await Assert.That(house.Result.Status).IsEqualTo(status);
        await Assert.That(house.Result.FailureReason).StartsWith(reason);
        await Assert.That(house.KeptState("errored.tfstate")).IsEqualTo("state\n");
    }

    [Test]
    public async Task State_may_be_discarded_when_the_job_says_so()
    {
        using var house = new House("echo x > terraform.tfstate; echo y > other") { Parts = new BundleOrder { DiscardChanges = true } };
        _ = await house.RunAsync();
        await Assert.That(house.Result.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(house.Result.Log).IsEqualTo(
            "iac-ci: Terraform state is discarded with this order's copy of the code, as keep_changes says: terraform.tfstate\n");
    }

    [Test]
    public async Task An_order_is_told_which_files_it_loses()
    {
        using var house = new House("for i in 1 2 3 4 5 6 7 8 9 10; do echo x > f$i; done");
        _ = await house.RunAsync();
        await Assert.That(house.Result.Status).IsEqualTo(OrderStatus.Succeeded);
        await Assert.That(house.Result.Log)
            .StartsWith("iac-ci: 10 files are lost with this order's copy of the code: f1, f10, f2, f3, f4, f5, f6, f7 and 2 more.")
                .And.Contains("workspace: in_place");
    }

    [Test]
    public async Task An_order_in_place_runs_in_the_folder_itself_and_everything_stays()
    {
        using var folder = new TempFolder().With("terraform.tfstate", "old");
        using var house = new House(
            "cat terraform.tfstate; echo new > terraform.tfstate; echo x > more")
        { Parts = new BundleOrder { Folder = folder.Path } };
        _ = await house.RunAsync();
        await Assert.That((house.Result.Status, house.Result.Log)).IsEqualTo((OrderStatus.Succeeded, "old"));
        await Assert.That(File.ReadAllText(folder["terraform.tfstate"])).IsEqualTo("new\n");
        await Assert.That(File.Exists(folder["more"])).IsTrue();
    }

    [Test]
    public async Task A_folder_in_place_that_is_gone_is_reported()
    {
        using var house = new House("true") { Parts = new BundleOrder { Folder = "/nowhere/at/all" } };
        _ = await house.RunAsync();
        await Assert.That(house.Result.FailureReason).StartsWith("bundle_invalid: the folder /nowhere/at/all is not there");
    }

    [Test]
    public async Task Notes_about_the_code_stand_first_in_the_log()
    {
        using var house = new House("echo done") { Notes = ["'net' is left out: it is a submodule"] };
        _ = await house.RunAsync();
        await Assert.That(house.Result.Log).IsEqualTo("iac-ci: 'net' is left out: it is a submodule\ndone\n");
    }

    /// <summary>A real bundle, a real opener and a real runner; the store of claims and results is scripted.</summary>
    private sealed class House : IDisposable, IOrderChannel, IBundleSource, IIdentitySource
    {
        private readonly AgeIdentity identity = AgeIdentity.Generate();
        private readonly string command;
        private readonly List<string> log = [];
        private byte[]? bundle;

        public House(string command) => this.command = command;

        public string Root { get; } = Directory.CreateTempSubdirectory("iac-ci-house-").FullName;

        public string Password { get; init; } = Secret;

        public AgeIdentity? Identity { get; init; }

        public BundleOrder Parts { get; init; } = new();

        public IReadOnlyList<string> Notes { get; init; } = [];

        public byte[] Bundle
        {
            get => bundle ??= Build();
            init => bundle = value;
        }

        public OrderAssignment Order
        {
            get => field ??= new OrderAssignment
            {
                RunId = RunId.Parse("r"),
                OrderNum = new OrderNum(1),
                S3Location = "k",
                ExecSha256 = Convert.ToHexStringLower(SHA256.HashData(Build())),
            };
            set;
        }

        public RecordingSink Live { get; } = new();

        public Queue<Func<ClaimOutcome>> Claims { get; } = new();

        public Func<ClaimOutcome> ClaimAlways { get; set; } = () => ClaimOutcome.Won.Instance;

        public Queue<Func<ReportOutcome>> Reports { get; } = new();

        public List<string> Claimed { get; } = [];

        public List<byte[]> Reported { get; } = [];

        public OrderResult Result => ((ResultReading.Valid)OrderResultReader.Parse(Reported[^1])).Result;

        public string Everything => string.Join('\n', [.. log, Live.Text, .. Reported.Select(Encoding.UTF8.GetString), .. Claimed]);

        public string? KeptState(string path)
        {
            using var result = JsonDocument.Parse(Reported[^1]);
            var kept = result.RootElement.GetProperty("kept_state").EnumerateArray().Single(
                file => file.GetProperty("path").GetString() == path);
            using var unpacked = new StreamReader(
                new GZipStream(new MemoryStream(kept.GetProperty("gzip").GetBytesFromBase64()), CompressionMode.Decompress));
            return unpacked.ReadToEnd();
        }

        public async Task<WorkerEnding> RunAsync(CancellationToken cancellationToken = default)
        {
            var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
            var worker = new OrderWorker(
                this,
                new BundleOpener(this, this, _ => OrderFolder.Create(Root, RandomNumberGenerator.GetBytes)),
                new CommandRunner(TimeProvider.System),
                new WorkerOptions { BaseEnvironment = CommandEnvironment.Base(Environment.GetEnvironmentVariable) },
                clock,
                RandomNumberGenerator.GetBytes,
                log.Add);
            var running = worker.RunAsync(Order, this, Live, cancellationToken).AsTask();
            while (await Task.WhenAny(running,
                Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None)) != running)
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
            }

            return await running;
        }

        public ValueTask<ReadOnlyMemory<byte>> FetchAsync(OrderAssignment order, long maxBytes, CancellationToken cancellationToken) =>
            new(Bundle);

        public ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken) =>
            new([Identity ?? identity]);

        public async ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Claimed.Add(Encoding.UTF8.GetString(content.Span));
            await Task.Yield();
            return Claims.TryDequeue(out var next) ? next() : ClaimAlways();
        }

        public async ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken)
        {
            Reported.Add(resultJson.ToArray());
            await Task.Yield();
            return Reports.TryDequeue(out var next) ? next() : ReportOutcome.Accepted.Instance;
        }

        public void Dispose() => Directory.Delete(Root, recursive: true);

        private byte[] Build()
        {
            if (bundle is not null)
            {
                return bundle;
            }

            var variables = new VariableSet(
            [
                new Variable("DB_PASSWORD", Password, "aws:::ssm:/db/password"),
                new Variable("REGION", "eu-west-1", Variable.FromJob),
                new Variable("TIMEOUT", "600", Variable.FromEngine),
            ]);
            using var encryptor = new SopsEncryptor([identity.Recipient], TimeProvider.System);
            var sealedValues = encryptor.EncryptJson(variables.ToJson());
            bundle =
                BundleWriter.Write(CodeArchive.Empty, [command], Parts with { Notes = Notes }, variables, sealedValues).Bytes.ToArray();
            return bundle;
        }
    }
}
