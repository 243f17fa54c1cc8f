using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker.Leftovers;
using IacCi.Core.Worker.Masking;
using IacCi.Core.Worker.Output;

namespace IacCi.Core.Worker;

/// <summary>
/// Works on one order: fetch, verify, unpack, decrypt; then claim; then run; then report. The claim comes directly before the first
/// command, so that no order's commands start twice. What fails before it is reported too, once the claim is won, so that the run does not
/// wait for an order that cannot run.
/// </summary>
/// <param name="bundles">Where bundles come from.</param>
/// <param name="opener">Unpacks and decrypts them.</param>
/// <param name="runner">Runs the commands.</param>
/// <param name="options">What differs from place to place.</param>
/// <param name="clock">The time.</param>
/// <param name="randomBytes">Makes random bytes: the worker's id, and the spread of its retries.</param>
/// <param name="log">A line for people about what goes wrong; never a secret.</param>
internal sealed class OrderWorker(
    IBundleSource bundles, IOrderOpener opener, ICommandRunner runner, WorkerOptions options, TimeProvider clock,
    Func<int, byte[]> randomBytes, Action<string> log)
{
    private const string CallbackVariable = "CALLBACK_URL";

    /// <summary>How often the preparation of an order is tried where the machine is short of something: about ten minutes.</summary>
    private const int MaxPreparations = 40;

    /// <summary>How many parts of a secret are named in a note.</summary>
    private const int MaxNamedParts = 10;

    private readonly Retrier retrying = new(clock, randomBytes);

    /// <summary>Works on an order, from its bundle to its result.</summary>
    /// <param name="order">Which.</param>
    /// <param name="channel">The claim and the result.</param>
    /// <param name="live">Gets the masked output as it comes; null when nobody watches.</param>
    /// <param name="cancellationToken">
    /// Before the claim: nothing is done. After it: the commands are ended, and <c>failed</c>, <c>cancelled</c> is reported.
    /// </param>
    /// <param name="kill">Kills the commands instead of waiting until they have ended.</param>
    /// <exception cref="OperationCanceledException">It was cancelled before the claim.</exception>
    public async ValueTask<WorkerEnding> RunAsync(
        OrderAssignment order, IOrderChannel channel, IOutputSink? live, CancellationToken cancellationToken,
        CancellationToken kill = default)
    {
        var (opened, problem) = await PrepareWhenPossibleAsync(order, cancellationToken);
        using (opened)
        {
            var claim = await ClaimAsync(order, channel, cancellationToken);
            if (claim is not null)
            {
                return claim;
            }

            var result = problem is null
                ? await ExecuteAsync(order, opened!, channel, live, cancellationToken, kill)
                : Unstarted(problem, live);
            Trace($"{About(order)}: {result.Status.Word()}{(result.FailureReason is { } reason ? $" ({reason})" : "")}");
            return await ReportAsync(order, channel, result);
        }
    }

    /// <summary>An order that has not begun waits until the machine has what it takes, instead of failing.</summary>
    private async ValueTask<(IOpenedOrder? Opened, string? Problem)> PrepareWhenPossibleAsync(
        OrderAssignment order, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await PrepareAsync(order, cancellationToken);
            }
            catch (Exception scarce) when (Scarcity.MayPass(scarce))
            {
                if (attempt == MaxPreparations)
                {
                    return (null, FailureReason.With(FailureReason.WorkerFailed, Scarcity.Explain(scarce)));
                }

                log($"{About(order)}: it has to wait: {scarce.Message}");
                await Task.Delay(Backoff.After(attempt, randomBytes), clock, cancellationToken);
            }
        }
    }

    /// <summary>Everything up to the claim. What is wrong with the order is a value; it has to be reported.</summary>
    private async ValueTask<(IOpenedOrder? Opened, string? Problem)> PrepareAsync(
        OrderAssignment order, CancellationToken cancellationToken)
    {
        try
        {
            var bundle = await bundles.FetchAsync(order, BundleFiles.MaxBytes, cancellationToken);
            var digest = Convert.ToHexStringLower(SHA256.HashData(bundle.Span));
            if (digest != order.ExecSha256)
            {
                return (null, FailureReason.With(FailureReason.BundleInvalid, "its SHA-256 is not the one it was dispatched with"));
            }

            var opened = await opener.OpenAsync(order, bundle, cancellationToken);
            if (CommandEnvironment.Problem(opened.Content) is not { } wrong)
            {
                return (opened, null);
            }

            opened.Dispose();
            return (null, FailureReason.With(FailureReason.BundleInvalid, wrong));
        }
        catch (BundleException wrong) when (!Scarcity.MayPass(wrong))
        {
            return (null, wrong.Message);
        }
        catch (UserException wrong) when (!Scarcity.MayPass(wrong))
        {
            return (null, FailureReason.With(FailureReason.BundleInvalid, wrong.Message));
        }
        catch (StoreUnavailableException away)
        {
            return (null, FailureReason.With(FailureReason.BundleInvalid, $"it could not be fetched: {away.Message}"));
        }
        catch (IOException full) when (!Scarcity.MayPass(full))
        {
            return (null, FailureReason.With(FailureReason.WorkerFailed, $"the bundle could not be unpacked: {full.Message}"));
        }
    }

    /// <returns>Null when the order is ours.</returns>
    private async ValueTask<WorkerEnding?> ClaimAsync(OrderAssignment order, IOrderChannel channel, CancellationToken cancellationToken)
    {
        var claim = new OrderClaim
        {
            WorkerId = "worker-" + Convert.ToHexStringLower(randomBytes(16)),
            RunId = order.RunId.Value,
            OrderNum = order.OrderNum.ToString(),
            Execution = options.Execution,
            Host = options.Host,
        };
        var (outcome, unknown) = await retrying.UntilKnownAsync(
            token => channel.ClaimAsync((claim with { ClaimedAt = clock.GetUtcNow() }).ToJson(), token),
            options.ClaimWindow,
            problem => log($"{About(order)}: the claim is tried again: {problem}"),
            cancellationToken);
        switch (outcome)
        {
            case ClaimOutcome.Won:
                return null;
            case ClaimOutcome.Taken:
                Trace($"{About(order)}: claimed by somebody else, nothing to do");
                return WorkerEnding.LeftAlone.Instance;
            case ClaimOutcome.Refused refused:
                return NotClaimed(order, $"the claim was refused: {refused.Reason}");
            default:
                return NotClaimed(order, $"it is not known whether the claim was won: {unknown}");
        }
    }

    private WorkerEnding.NotClaimed NotClaimed(OrderAssignment order, string reason)
    {
        log($"{About(order)}: nothing is run: {reason}");
        return new WorkerEnding.NotClaimed(reason);
    }

    [SuppressMessage("Design", "CA1031",
        Justification = "Whatever goes wrong while the order is ours has to be reported, or the run waits for nothing.")]
    private async ValueTask<OrderResult> ExecuteAsync(
        OrderAssignment order, IOpenedOrder opened, IOrderChannel channel, IOutputSink? live, CancellationToken stop,
        CancellationToken kill)
    {
        var content = opened.Content;
        var masker = new SecretMasker(content.SecretValues);
        var output = new OrderOutput(masker, live);
        foreach (var note in content.Notes)
        {
            Say(output, note);
        }

        var startedAt = clock.GetUtcNow();
        OrderLeftovers? leftovers = null;
        CommandOutcome outcome;
        try
        {
            WarnOfShortSecrets(content, output);
            leftovers = opened.IsCopy ? new OrderLeftovers(CopySnapshot.Take(opened.Folder, opened.Around)) : null;
            await using var asked = await StopPoller.StartAsync(
                channel, options.StopInterval, clock, problem => log($"{About(order)}: {problem}"));
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, asked.Asked);
            using var stopping = new TokenUntil(options.EndsAt - TimeSpan.FromSeconds(content.Stop.GraceSeconds), clock, either.Token);
            using var killing = new TokenUntil(options.EndsAt, clock, kill);
            outcome = await runner.RunAsync(CommandsOf(opened), output, stopping.Token, killing.Token);
            if (asked.Request is { } request && outcome.FailureReason == FailureReason.Cancelled)
            {
                outcome = outcome with { Status = request.Status, FailureReason = request.Reason };
            }
        }
        catch (Exception fault)
        {
            log($"{About(order)}: the worker failed: {masker.MaskText(fault.ToString())}");
            outcome = new CommandOutcome(OrderStatus.Failed, null, FailureReason.With(FailureReason.WorkerFailed, fault.Message), []);
        }

        var finishedAt = clock.GetUtcNow();
        if (leftovers is not null)
        {
            outcome = leftovers.Settle(order, opened, outcome, options.StateKeeper, line => Say(output, line));
        }

        var events = Mask(outcome.Events, masker, output);
        output.Complete();
        if (output.LiveProblem is { } unseen)
        {
            log($"{About(order)}: its live output could not be written: {masker.MaskText(unseen)}");
            Say(output, $"{LiveLogFile.Stopped} ({unseen}); this log has all of it");
            output.Complete();
        }

        return new OrderResult
        {
            Status = outcome.Status,
            Log = output.Log.ToText(),
            LogTruncated = output.Log.IsCut,
            ExitCode = outcome.ExitCode,
            StartedAt = startedAt,
            FinishedAt = finishedAt,
            Events = events,
            KeptState = leftovers?.Kept ?? [],
            Terraform = output.Terraform,
            FailureReason = outcome.FailureReason is { } reason ? masker.MaskText(reason) : null,
        };
    }

    private CommandList CommandsOf(IOpenedOrder opened)
    {
        var environment = new Dictionary<string, string>(options.BaseEnvironment);
        foreach (var (name, value) in opened.Content.Variables)
        {
            environment[name] = value;
        }

        // A capability to report: the worker keeps it to itself.
        _ = environment.Remove(CallbackVariable);

        return new CommandList
        {
            Commands = opened.Content.Commands,
            Environment = environment,
            Folder = opened.Folder,
            EventsFolder = opened.EventsFolder,
            Timeout = opened.Content.Timeout,
            Retries = opened.Content.Retries,
            Stop = opened.Content.Stop,
        };
    }

    private static void WarnOfShortSecrets(OrderContent content, OrderOutput output)
    {
        var names = content.Variables.Where(
            pair => content.SecretValues.Contains(pair.Value) && pair.Value.Length > 0 && SecretMasker.IsTooShort(pair.Value))
            .Select(pair => pair.Key);
        foreach (var name in names)
        {
            Say(output, $"the secret {name} has fewer than {SecretMasker.MinSecretBytes} bytes: it is not masked");
        }

        foreach (var (name, value) in content.Variables.Where(pair => content.SecretValues.Contains(pair.Value)))
        {
            if (SecretMasker.TooShortWithin(value) is { Count: > 0 } within)
            {
                var more = within.Count > MaxNamedParts ? $" and {within.Count - MaxNamedParts} more" : "";
                Say(
                    output,
                    $"what the secret {name} holds of fewer than {SecretMasker.MinSecretBytes} bytes is not masked: " +
                        $"{string.Join(", ", within.Take(MaxNamedParts))}{more}");
            }
        }
    }

    private static List<string> Mask(IReadOnlyList<string> events, SecretMasker masker, OrderOutput output)
    {
        var masked = new List<string>();
        foreach (var item in events)
        {
            var text = OrderEventJson.Mask(item, masker.MaskText);
            if (text.Length > OrderEventJson.MaxEventBytes)
            {
                Say(output, $"an event is left out: written as JSON it is larger than {OrderEventJson.MaxEventBytes:N0} bytes");
            }
            else
            {
                masked.Add(text);
            }
        }

        return masked;
    }

    /// <summary>The result of an order that cannot run.</summary>
    private OrderResult Unstarted(string problem, IOutputSink? live)
    {
        var output = new OrderOutput(new SecretMasker([]), live);
        Say(output, $"nothing was run: {problem}");
        return new OrderResult
        {
            Status = OrderStatus.Failed,
            Log = output.Log.ToText(),
            FinishedAt = clock.GetUtcNow(),
            FailureReason = problem
        };
    }

    /// <summary>A result is reported even when the order was cancelled: that is how the run learns of it. The window bounds it.</summary>
    private async ValueTask<WorkerEnding> ReportAsync(OrderAssignment order, IOrderChannel channel, OrderResult result)
    {
        var json = result.ToJson();
        var (outcome, unknown) = await retrying.UntilKnownAsync(
            token => channel.ReportAsync(json, token),
            options.ReportWindow,
            problem => log($"{About(order)}: the report is tried again: {problem}"),
            CancellationToken.None);
        switch (outcome)
        {
            case ReportOutcome.Accepted:
                return new WorkerEnding.Reported(result.Status, FirstResult: true);
            case ReportOutcome.AlreadyReported:
                Trace($"{About(order)}: a result stood there already");
                return new WorkerEnding.Reported(result.Status, FirstResult: false);
            default:
                var reason = outcome is ReportOutcome.Refused refused
                    ? refused.Reason
                    : $"no answer within {options.ReportWindow}: {unknown}";
                log($"{About(order)}: the result could not be reported: {reason}");
                return new WorkerEnding.ReportLost(result.Status, reason);
        }
    }

    private static string About(OrderAssignment order) => $"run {order.RunId}: order {order.OrderNum}";

    private void Trace(string line) => options.Trace?.Invoke(line);

    private static void Say(IOutputSink output, string line) => Worker.Processes.CommandRunner.Say(output, line);
}
