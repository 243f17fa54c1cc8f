using System.Text.Json;
using IacCi.Core.Faults;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Work;
using IacCi.Core.Work.Unpack;

namespace IacCi.Core.Bundles;

/// <summary>Finds the age identities that open an order's secrets.</summary>
public interface IIdentitySource
{
    /// <summary>The identities to try.</summary>
    /// <exception cref="UserException">There are none; the message says where they were looked for.</exception>
    ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(WorkOrder order, CancellationToken cancellationToken);
}

/// <summary>Unpacks a bundle into new folders and decrypts its variables in memory.</summary>
public sealed class BundleOpener(IIdentitySource identities, string root, Func<int, byte[]> randomBytes) : IOrderOpener
{
    /// <inheritdoc/>
    public async ValueTask<IOpenedOrder> OpenAsync(WorkOrder order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken)
    {
        var keys = await IdentitiesAsync(order, cancellationToken);
        var folder = new OrderFolder(root, randomBytes);
        try
        {
            using var archive = new MemoryStream(bundle.ToArray(), writable: false);
            SafeUnzip.Extract(archive, folder.Code, UnzipLimits.Default);
            var content = BundleReader.Read(folder.Code);
            var variables = Decrypt(content.EncryptedValues, keys);
            return new Opened(folder, content.CodeFolder, new OrderContent
            {
                Commands = content.Commands,
                Variables = variables,
                SecretValues = [.. content.SecretNames.Where(variables.ContainsKey).Select(name => variables[name])],
                Timeout = TimeoutOf(variables),
                Retries = content.Order.Retries,
            });
        }
        catch (ArchiveRefusedException refused)
        {
            folder.Dispose();
            throw BundleException.Invalid(refused.Message, refused);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private async ValueTask<IReadOnlyList<AgeIdentity>> IdentitiesAsync(WorkOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return await identities.FindAsync(order, cancellationToken);
        }
        catch (UserException wrong)
        {
            throw BundleException.Undecryptable(wrong.Message, wrong);
        }
    }

    private static Dictionary<string, string> Decrypt(ReadOnlyMemory<byte> encrypted, IReadOnlyList<AgeIdentity> keys)
    {
        try
        {
            var variables = new Dictionary<string, string>(StringComparer.Ordinal);
            using var plain = JsonDocument.Parse(SopsFile.Decrypt(encrypted, SopsFormat.Json, keys));
            foreach (var member in plain.RootElement.EnumerateObject())
            {
                variables[member.Name] = member.Value.GetString() ?? "";
            }

            return variables;
        }
        catch (SecretsException wrong)
        {
            throw BundleException.Undecryptable(wrong.Message, wrong);
        }
    }

    private static TimeSpan TimeoutOf(Dictionary<string, string> variables) =>
        variables.TryGetValue("TIMEOUT", out var text) && int.TryParse(text, System.Globalization.NumberStyles.None, null, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw BundleException.Invalid("the variable TIMEOUT is missing or no number of seconds");

    private sealed class Opened(OrderFolder folder, string code, OrderContent content) : IOpenedOrder
    {
        public OrderContent Content => content;

        public string Folder => code;

        public string EventsFolder => folder.Events;

        public void Dispose() => folder.Dispose();
    }
}
