using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// What a worker was handed: read once, by the URL that it was started with, and again when it grows old. It is all that a worker has: it
/// makes no call with credentials of its own.
/// </summary>
internal sealed class WorkerCapabilities : IIdentitySource
{
    /// <summary>How long a worker tries to read what it was handed: S3 may be throttled, or away for a moment.</summary>
    public static readonly TimeSpan OpeningWindow = TimeSpan.FromMinutes(5);

    private readonly SignedObjects objects;
    private readonly Func<string, string?> variable;
    private readonly TimeProvider clock;
    private Handed current;

    private WorkerCapabilities(SignedObjects objects, Func<string, string?> variable, TimeProvider clock, Handed first)
    {
        (this.objects, this.variable, this.clock, current) = (objects, variable, clock, first);
    }

    /// <summary>Reads what the worker of an order was handed.</summary>
    /// <param name="http">The client for the URLs.</param>
    /// <param name="order">The order.</param>
    /// <param name="variable">Gives a variable of the worker's environment: SOPS_AGE_KEY, for an order with a key of its own.</param>
    /// <param name="clock">The time.</param>
    /// <param name="retrying">Tries again what has no answer.</param>
    /// <param name="log">Gets what is tried again.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="UserException">It cannot be had: the order can neither be claimed nor reported from here.</exception>
    public static async ValueTask<WorkerCapabilities> OpenAsync(
        HttpClient http, OrderAssignment order, Func<string, string?> variable, TimeProvider clock, Retrier retrying, Action<string> log,
        CancellationToken cancellationToken)
    {
        if (order.KeyUrl is not { } url || !Uri.TryCreate(url, UriKind.Absolute, out _))
        {
            throw new UserException(
                "the order does not say where its key file is; give the URL that it was dispatched with as key_url (KEY_URL)");
        }

        var objects = new SignedObjects(http);
        var (opened, problem) = await retrying.UntilKnownAsync(
            token => TryOpenAsync(objects, url, variable, token), OpeningWindow, log, cancellationToken);
        return opened switch
        {
            Opening.Opened { Handed: var first } => new WorkerCapabilities(objects, variable, clock, first),
            Opening.Failed { Reason: var reason } => throw new UserException(reason),
            _ => throw new UserException($"the order cannot be opened: {problem}", ExitCode.Fault),
        };
    }

    /// <summary>Whether there is code for the order.</summary>
    public bool HasCode => current.Keys.CodeUrl is not null;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken) =>
        new(IdentitiesOf(current.Keys, variable));

    /// <summary>
    /// Asks for something with the newest URLs. When they have expired, newer ones are looked for, and it is asked again.
    /// </summary>
    public async ValueTask<SignedAnswer> AskAsync(
        Func<SignedObjects, Handed, ValueTask<SignedAnswer>> ask, CancellationToken cancellationToken)
    {
        var used = current;
        var answer = await ask(objects, used);
        return answer is SignedAnswer.Expired && (current != used || await RefreshAsync(cancellationToken))
            ? await ask(objects, current)
            : answer;
    }

    /// <summary>Reads what was handed out anew, if that is due.</summary>
    public async ValueTask RefreshIfDueAsync(CancellationToken cancellationToken)
    {
        if (clock.GetUtcNow() >= current.Keys.RenewAt)
        {
            await RefreshAsync(cancellationToken);
        }
    }

    /// <returns>Whether there is something newer.</returns>
    private async ValueTask<bool> RefreshAsync(CancellationToken cancellationToken)
    {
        var old = current;
        if (await TryOpenAsync(objects, old.Keys.KeyUrl, variable, cancellationToken) is Opening.Opened { Handed: var next }
            && next.Keys.SignedAt > old.Keys.SignedAt)
        {
            Interlocked.CompareExchange(ref current, next, old);
        }

        return current != old;
    }

    private static async ValueTask<Opening> TryOpenAsync(
        SignedObjects objects, string url, Func<string, string?> variable, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAsync(objects, url, variable, cancellationToken);
        }
        catch (UserException wrong)
        {
            return new Opening.Failed(wrong.Message);
        }
    }

    private static async ValueTask<Opening> OpenAsync(
        SignedObjects objects, string url, Func<string, string?> variable, CancellationToken cancellationToken)
    {
        if (await objects.ReadAsync(url, KeyFile.MaxBytes, "key file", cancellationToken) is not SignedAnswer.Done keyFile)
        {
            return new Opening.Failed(
                "the key file of the order cannot be read: its URL has expired, or its run is long over; submit the job again");
        }

        var keys = KeyFile.Read(keyFile.Content.Span);
        return await objects.ReadAsync(keys.DispatchUrl, DispatchUrls.MaxBytes, "dispatch file", cancellationToken)
            is SignedAnswer.Done dispatch
            ? new Opening.Opened(new Handed(keys, DispatchUrls.Decrypt(dispatch.Content, IdentitiesOf(keys, variable))))
            : new Opening.Failed("the dispatch file of the order is missing: its run is long over; submit the job again");
    }

    private static IReadOnlyList<AgeIdentity> IdentitiesOf(KeyFile keys, Func<string, string?> variable) =>
        keys.Identities.Count > 0 ? keys.ParseIdentities() : AgeKeys.Find(variable);

    /// <summary>What was handed out at one time.</summary>
    /// <param name="Keys">What may be read.</param>
    /// <param name="Urls">What may be written.</param>
    internal sealed record Handed(KeyFile Keys, DispatchUrls Urls);

    private abstract record Opening
    {
        public sealed record Opened(Handed Handed) : Opening;

        public sealed record Failed(string Reason) : Opening;
    }
}
