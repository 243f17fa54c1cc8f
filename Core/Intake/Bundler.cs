using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;
using IacCi.Core.Runs;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

namespace IacCi.Core.Intake;

/// <summary>What bundling needs of the place where it happens.</summary>
public interface IBundleInputs
{
    /// <summary>Where code comes from; a new one for each job, because it remembers what it has read.</summary>
    CodeSources OpenCode();

    /// <summary>Which code an order runs; null when there is none but what <see cref="FetchZipAsync"/> gives.</summary>
    CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials);

    /// <summary>A zip of code that the caller made.</summary>
    /// <exception cref="UserException">It cannot be had.</exception>
    ValueTask<ReadOnlyMemory<byte>> FetchZipAsync(string location, CancellationToken cancellationToken);
}

/// <summary>
/// Gathers code and secrets, and makes bundles of them. Each repository, folder and secret is read once per job, however many orders use
/// it; secrets are encrypted in memory, to the run's recipient or the order's own.
/// </summary>
public sealed class Bundler(IBundleInputs inputs, ISecretSource secrets, TimeProvider clock) : IBundler
{
    /// <inheritdoc/>
    public async ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken)
    {
        using var code = inputs.OpenCode();
        var values = new Dictionary<SecretLocation, string>();
        var zips = new Dictionary<string, CodeArchive>(StringComparer.Ordinal);
        var credentials = await CredentialsAsync(job, values, cancellationToken);
        var orders = new PreparedOrder[job.Orders.Count];
        for (var i = 0; i < orders.Length; i++)
        {
            var order = job.Orders[i];
            try
            {
                var archive = order.S3Location is { } location
                    ? await ZipAsync(location, zips, cancellationToken)
                    : inputs.CodeOf(job, order, credentials) is { } request ? await code.ReadAsync(request, cancellationToken) : CodeArchive.Empty;
                var ssm = await ReadAsync(order.SsmPaths, SecretLocation.TryParseSsm, values, cancellationToken);
                var kept = await ReadAsync(order.SecretManagerPaths, SecretLocation.TryParseSecret, values, cancellationToken);
                Check(order, ssm, kept);
                orders[i] = new PreparedOrder(OrderNum.At(i), order, order.StopPolicyIn(job), archive, ssm, kept);
            }
            catch (UserException wrong)
            {
                throw new UserException($"orders[{i}] ({order.NameAt(i)}): {wrong.Message}", wrong.ExitCode, wrong);
            }
        }

        return new PreparedBundles(orders, clock);
    }

    private async ValueTask<GitCredentials?> CredentialsAsync(Job job, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken)
    {
        var token = await ReadAsync(job.GitTokenLocation, values, cancellationToken);
        var key = await ReadAsync(job.GitSshKeyLocation, values, cancellationToken);
        return token is null && key is null ? null : new GitCredentials(token?.Trim(), key);
    }

    private async ValueTask<string?> ReadAsync(string? location, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken) =>
        SecretLocation.TryParse(location, out var parsed) ? await ReadAsync(parsed, values, cancellationToken) : null;

    private delegate bool Parser(string? text, out SecretLocation location);

    private async ValueTask<List<FetchedValue>> ReadAsync(
        IReadOnlyList<string> entries, Parser parse, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken)
    {
        List<FetchedValue> fetched = [];
        foreach (var entry in entries)
        {
            if (parse(entry, out var location))
            {
                fetched.Add(new FetchedValue(location, await ReadAsync(location, values, cancellationToken)));
            }
        }

        return fetched;
    }

    private async ValueTask<string> ReadAsync(SecretLocation location, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken)
    {
        if (!values.TryGetValue(location, out var value))
        {
            value = await secrets.ReadAsync(location, cancellationToken);
            values.Add(location, value);
        }

        return value;
    }

    private async ValueTask<CodeArchive> ZipAsync(string location, Dictionary<string, CodeArchive> zips, CancellationToken cancellationToken)
    {
        if (!zips.TryGetValue(location, out var archive))
        {
            archive = CodeArchive.FromZip(await inputs.FetchZipAsync(location, cancellationToken), location);
            zips.Add(location, archive);
        }

        return archive;
    }

    /// <summary>Finds out now, while nothing is written, whether the variables go together.</summary>
    private static void Check(Order order, List<FetchedValue> ssm, List<FetchedValue> kept)
    {
        if (VariableAssembler.Assemble(order.EnvVars, ssm, kept, new Dictionary<string, string>()) is { Set: null, Errors: var errors })
        {
            throw new UserException(string.Join("; ", errors));
        }
    }
}

/// <summary>An order with all that its bundle is made of.</summary>
internal sealed record PreparedOrder(OrderNum Num, Order Order, StopPolicy Stop, CodeArchive Code, List<FetchedValue> Ssm, List<FetchedValue> Kept);

/// <summary>Makes the bundles. One encryptor serves all orders with the same recipient: the data key is wrapped once.</summary>
internal sealed class PreparedBundles(PreparedOrder[] orders, TimeProvider clock) : IPreparedBundles
{
    private readonly Dictionary<string, SopsEncryptor> encryptors = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Encrypting and packing is work for a processor: bundles that are built side by side use all there are.</summary>
    public ValueTask<byte[]> BuildAsync(OrderNum num, BundleIdentity identity, CancellationToken cancellationToken) =>
        new(Task.Run(() => Build(num, identity), cancellationToken));

    private byte[] Build(OrderNum num, BundleIdentity identity)
    {
        var (_, order, stop, code, ssm, kept) = orders[num.Index];
        var set = VariableAssembler.Assemble(order.EnvVars, ssm, kept, Engine(num, order, identity)) is { Set: { } assembled }
            ? assembled
            : throw new InvalidOperationException($"the variables of order {num} were checked and do not go together");
        var encrypted = EncryptorFor(order.SopsKey ?? identity.Recipient).EncryptJson(set.ToJson());
        return BundleWriter.Write(code, order.Cmds, order.Retries, stop, set, encrypted).Bytes.ToArray();
    }

    private static Dictionary<string, string> Engine(OrderNum num, Order order, BundleIdentity identity) => new()
    {
        ["TRACE_ID"] = identity.TraceId.Value,
        ["RUN_ID"] = identity.RunId.Value,
        ["ORDER_ID"] = $"{identity.RunId}:{num}",
        ["ORDER_NUM"] = num.ToString(),
        ["FLOW_ID"] = identity.FlowId,
        ["TIMEOUT"] = order.Timeout.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private SopsEncryptor EncryptorFor(string recipient)
    {
        lock (gate)
        {
            if (!encryptors.TryGetValue(recipient, out var encryptor))
            {
                encryptor = new SopsEncryptor([AgeRecipient.Parse(recipient)], clock);
                encryptors.Add(recipient, encryptor);
            }

            return encryptor;
        }
    }
}
