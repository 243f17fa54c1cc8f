using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Text;

namespace IacCi.Core.Intake;

/// <summary>What bundling needs of the place where it happens.</summary>
internal interface IBundleInputs
{
    /// <summary>Where code comes from; a new one for each job, because it remembers what it has read.</summary>
    CodeSources OpenCode();

    /// <summary>Which code an order runs; null when there is none but what <see cref="FetchZipAsync"/> gives.</summary>
    CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials);

    /// <summary>The folder in which an order runs in place.</summary>
    /// <exception cref="UserException">There is none here.</exception>
    string FolderOf(Order order);

    /// <summary>Fetches a zip of code that the caller made.</summary>
    /// <param name="location">Where it is.</param>
    /// <param name="file">The file to write; there is none yet.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="UserException">It cannot be had.</exception>
    ValueTask FetchZipAsync(string location, string file, CancellationToken cancellationToken);
}

/// <summary>
/// Gathers code and secrets, and makes bundles of them. Each repository, folder and secret is read once per job, however many orders use
/// it; secrets are encrypted in memory, to the run's recipient or the order's own.
/// </summary>
/// <param name="inputs">Where code comes from.</param>
/// <param name="secrets">Where secrets come from.</param>
/// <param name="clock">The time.</param>
/// <param name="notice">Gets what a person should know about the code: something was left out of it, for example.</param>
internal sealed class Bundler(IBundleInputs inputs, ISecretSource secrets, TimeProvider clock, Action<string> notice) : IBundler
{
    /// <inheritdoc/>
    public async ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken)
    {
        var code = inputs.OpenCode();
        try
        {
            var orders = await GatherAsync(job, code, cancellationToken);
            foreach (var archive in orders.Select(order => order.Code).Distinct())
            {
                archive.Notes.ToList().ForEach(note => notice($"the code of {archive.Origin}: {note}"));
            }

            return new PreparedBundles(orders, code, clock);
        }
        catch
        {
            code.Dispose();
            throw;
        }
    }

    private async ValueTask<PreparedOrder[]> GatherAsync(Job job, CodeSources code, CancellationToken cancellationToken)
    {
        var values = new Dictionary<SecretLocation, string>(await secrets.ReadManyAsync(LocationsOf(job), cancellationToken));
        var credentials = await CredentialsAsync(job, values, cancellationToken);
        var orders = new PreparedOrder[job.Orders.Count];
        for (var i = 0; i < orders.Length; i++)
        {
            var order = job.Orders[i];
            try
            {
                var folder = order.WorkspaceIn(job) == Workspace.InPlace ? inputs.FolderOf(order) : null;
                var archive = folder is not null ? CodeArchive.Empty
                    : order.S3Location is { } location
                        ? await code.ReadZipAsync(location, (file, token) => inputs.FetchZipAsync(location, file, token), cancellationToken)
                    : inputs.CodeOf(job, order, credentials) is { } request ? await code.ReadAsync(request, cancellationToken)
                    : CodeArchive.Empty;
                var ssm = await ReadAsync(order.SsmPaths, SecretLocation.TryParseSsm, values, cancellationToken);
                var kept = await ReadAsync(order.SecretManagerPaths, SecretLocation.TryParseSecret, values, cancellationToken);
                Check(order, ssm, kept);
                orders[i] = new PreparedOrder(
                    OrderNum.At(i), order, order.StopPolicyIn(job), archive, folder, order.KeepChangesIn(job), ssm, kept);
            }
            catch (UserException wrong)
            {
                throw new UserException($"orders[{i}] ({order.NameAt(i)}): {wrong.Message}", wrong.ExitCode, wrong);
            }
        }

        return orders;
    }

    private static HashSet<SecretLocation> LocationsOf(Job job)
    {
        HashSet<SecretLocation> locations = [];
        foreach (var order in job.Orders)
        {
            foreach (var path in order.SsmPaths)
            {
                if (SecretLocation.TryParseSsm(path, out var location))
                {
                    locations.Add(location);
                }
            }

            foreach (var name in order.SecretManagerPaths)
            {
                if (SecretLocation.TryParseSecret(name, out var location))
                {
                    locations.Add(location);
                }
            }
        }

        return locations;
    }

    private async ValueTask<GitCredentials?> CredentialsAsync(
        Job job, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken)
    {
        var token = await ReadAsync(job.GitTokenLocation, values, cancellationToken);
        var key = await ReadAsync(job.GitSshKeyLocation, values, cancellationToken);
        return token is null && key is null ? null : new GitCredentials(token?.Trim(), key);
    }

    private async ValueTask<string?> ReadAsync(
        string? location, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken) =>
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

    private async ValueTask<string> ReadAsync(
        SecretLocation location, Dictionary<SecretLocation, string> values, CancellationToken cancellationToken)
    {
        if (!values.TryGetValue(location, out var value))
        {
            value = await secrets.ReadAsync(location, cancellationToken);
            values.Add(location, value);
        }

        return value;
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
/// <param name="Num">Its number.</param>
/// <param name="Order">The order.</param>
/// <param name="Stop">How it is ended.</param>
/// <param name="Code">Its code.</param>
/// <param name="Folder">The folder in which it runs in place, or null.</param>
/// <param name="KeepChanges">What becomes of its changes.</param>
/// <param name="Ssm">The values of its <c>ssm_paths</c>.</param>
/// <param name="Kept">The values of its <c>secret_manager_paths</c>.</param>
internal sealed record PreparedOrder(
    OrderNum Num, Order Order, StopPolicy Stop, CodeArchive Code, string? Folder, KeepChanges KeepChanges, List<FetchedValue> Ssm,
    List<FetchedValue> Kept);

/// <summary>Makes the bundles. One encryptor serves all orders with the same recipient: the data key is wrapped once.</summary>
internal sealed class PreparedBundles(PreparedOrder[] orders, CodeSources code, TimeProvider clock) : IPreparedBundles
{
    /// <summary>The most encryptors that are kept. Where each order has a recipient of its own, keeping them saves nothing.</summary>
    private const int MaxKeptEncryptors = 64;

    private readonly Dictionary<string, SopsEncryptor> encryptors = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>Each archive is stored once, however many orders run it.</summary>
    public async ValueTask WriteCodeAsync(IObjectStore objects, RunId run, CancellationToken cancellationToken)
    {
        foreach (var archive in orders.Select(order => order.Code).DistinctBy(archive => archive.Sha256))
        {
            if (archive is { File: { } file, Sha256: { } sha256 })
            {
                await objects.CreateFromFileAsync(RunKeys.Code(run, sha256), file, cancellationToken);
            }
        }
    }

    public void Dispose() => code.Dispose();

    /// <summary>Encrypting and packing is work for a processor: bundles that are built side by side use all there are.</summary>
    public ValueTask<byte[]> BuildAsync(OrderNum num, BundleIdentity identity, CancellationToken cancellationToken) =>
        new(Task.Run(() => Build(num, identity), cancellationToken));

    public string? CodeSha256Of(OrderNum num) => orders[num.Index].Code.Sha256;

    public string? FolderOf(OrderNum num) => orders[num.Index].Folder;

    private byte[] Build(OrderNum num, BundleIdentity identity)
    {
        var (_, order, stop, archive, folder, keep, ssm, kept) = orders[num.Index];
        var set = VariableAssembler.Assemble(order.EnvVars, ssm, kept, Engine(num, order, identity)) is { Set: { } assembled }
            ? assembled
            : throw new InvalidOperationException($"the variables of order {num} were checked and do not go together");
        var encrypted = EncryptorFor(order.SopsKey ?? identity.Recipient).EncryptJson(set.ToJson());
        var parts = new BundleOrder
        {
            Retries = order.Retries,
            StopSignal = stop.Word,
            StopGrace = stop.GraceSeconds,
            Folder = folder,
            DiscardChanges = keep == KeepChanges.Discard,
        };
        return BundleWriter.Write(archive, order.Cmds, parts, set, encrypted).Bytes.ToArray();
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
                if (encryptors.Count < MaxKeptEncryptors)
                {
                    encryptors.Add(recipient, encryptor);
                }
            }

            return encryptor;
        }
    }
}
