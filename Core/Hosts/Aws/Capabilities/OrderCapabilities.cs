using System.Collections.Concurrent;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// Leaves for the worker of an order what it may read and write, in two objects: the key file, and the dispatch file. A worker has no
/// rights of its own.
/// </summary>
/// <param name="objects">The internal bucket.</param>
/// <param name="secretObjects">The same bucket; what is written is encrypted by KMS.</param>
/// <param name="signer">Signs for that bucket.</param>
/// <param name="findRunKey">Finds the key of a run.</param>
/// <param name="ownKeys">Reads the identities that orders name in <c>sops_key_ssm_path</c>.</param>
/// <param name="clock">The time.</param>
internal sealed class OrderCapabilities(
    IObjectStore objects,
    IObjectStore secretObjects,
    UrlSigner signer,
    Func<RunId, CancellationToken, ValueTask<RunKey?>> findRunKey,
    ISecretSource ownKeys,
    TimeProvider clock)
{
    /// <summary>The longest URL that a build is started with, in characters.</summary>
    public const int MaxKeyUrlLength = 4_096;

    /// <summary>The most orders of which it is remembered that their files were left.</summary>
    private const int MaxLeft = 1_024;

    private readonly ConcurrentDictionary<(RunId, OrderNum), DateTimeOffset> renewAt = new();

    /// <summary>
    /// Leaves both files. An order that finds no room is started again each minute: what was left for it is not written each time.
    /// </summary>
    /// <returns>The URL of the key file, which is good as long as the order may still be claimed.</returns>
    /// <exception cref="UserException">The run's key is gone, or the order's own cannot be read.</exception>
    public async ValueTask<string> LeaveAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        if (!renewAt.TryGetValue((plan.RunId, order.Num), out var due) || clock.GetUtcNow() >= due)
        {
            var identities = await IdentitiesAsync(plan.RunId, order, cancellationToken);
            due = await WriteAsync(plan.RunId, order, identities, cancellationToken);
            Remember(plan.RunId, order.Num, due);
        }

        var window = TimeSpan.FromSeconds(OrderLimits.ClaimSeconds(order.Target) + OrderLimits.WatchdogGraceSeconds);
        var url = await signer.ToReadAsync(RunKeys.KeyFile(plan.RunId, order.Num), window);
        return url.Length <= MaxKeyUrlLength
            ? url
            : throw new UserException(
                $"the signed URL of the key file has {url.Length:N0} characters, and a build can be told {MaxKeyUrlLength:N0}; "
                + "use a shorter run_id, or credentials with a shorter session token");
    }

    /// <summary>
    /// Writes both files anew when half of their time is over: credentials that sign live no longer than twelve hours, and orders may.
    /// </summary>
    /// <returns>Whether they were written.</returns>
    public async ValueTask<bool> RenewAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var key = RunKeys.KeyFile(plan.RunId, order.Num);
        if (await objects.GetAsync(key, KeyFile.MaxBytes, cancellationToken) is not { } json || KeyFile.Read(json.Span) is not { } standing
            || clock.GetUtcNow() < standing.RenewAt)
        {
            return false;
        }

        await WriteAsync(plan.RunId, order, standing.Identities, cancellationToken);
        return true;
    }

    private void Remember(RunId run, OrderNum num, DateTimeOffset due)
    {
        if (renewAt.Count >= MaxLeft)
        {
            renewAt.Clear();
        }

        renewAt[(run, num)] = due;
    }

    /// <summary>The dispatch file first: whoever reads a new key file finds the dispatch file that belongs to it.</summary>
    /// <returns>When the files are to be written anew.</returns>
    private async ValueTask<DateTimeOffset> WriteAsync(
        RunId run, PlannedOrder order, IReadOnlyList<string> identities, CancellationToken cancellationToken)
    {
        var claimSeconds = OrderLimits.ClaimSeconds(order.Target);
        var lifetime = TimeSpan.FromSeconds(OrderLimits.UrlSeconds(claimSeconds, order.TimeoutSeconds, order.StopGraceSeconds));
        var urls = new DispatchUrls(
            await signer.ToCreateAsync(RunKeys.Result(run, order.Num), lifetime),
            await signer.ToCreateAsync(RunKeys.Claim(run, order.Num), lifetime));
        await objects.PutAsync(RunKeys.Dispatch(run, order.Num), urls.Encrypt(order.Recipient, clock), cancellationToken);
        var now = clock.GetUtcNow();
        var renewal = TimeSpan.FromSeconds(OrderLimits.RenewalSeconds(claimSeconds, order.TimeoutSeconds, order.StopGraceSeconds));
        var file = new KeyFile
        {
            Identities = identities,
            BundleUrl = await signer.ToReadAsync(order.BundleKey, lifetime),
            CodeUrl = order.CodeSha256 is { } sha256 ? await signer.ToReadAsync(RunKeys.Code(run, sha256), lifetime) : null,
            DispatchUrl = await signer.ToReadAsync(RunKeys.Dispatch(run, order.Num), lifetime),
            StopUrl = await signer.ToReadAsync(RunKeys.Stop(run, order.Num), lifetime),
            KeyUrl = await signer.ToReadAsync(RunKeys.KeyFile(run, order.Num), lifetime),
            SignedAt = now,
            RenewAt = now + renewal,
        };
        await secretObjects.PutAsync(RunKeys.KeyFile(run, order.Num), file.ToJson(), cancellationToken);
        return file.RenewAt;
    }

    /// <summary>
    /// The identity that is derived for the order, unless the order is encrypted to a key of its own; and those that it names.
    /// </summary>
    private async ValueTask<IReadOnlyList<string>> IdentitiesAsync(RunId run, PlannedOrder order, CancellationToken cancellationToken)
    {
        List<string> identities = [];
        if (order.SopsKeySsmPath is { } path)
        {
            if (!SecretLocation.TryParseSsm(path, out var location))
            {
                throw new UserException($"sops_key_ssm_path {Printable.Word(path)} is no path of SSM; give it as /path/to/parameter");
            }

            var own = AgeKeys.Parse(await ownKeys.ReadAsync(location, cancellationToken), location.ToString());
            identities.AddRange(own.Select(identity => identity.ToString()));
        }

        if (order.HasOwnKey)
        {
            return identities;
        }

        var key = await findRunKey(run, cancellationToken)
            ?? throw new UserException(
                $"the key of run {run} is gone: the run is over, or an older version took its job in; submit it again");
        return [key.IdentityOf(order.Num).ToString(), .. identities];
    }
}
