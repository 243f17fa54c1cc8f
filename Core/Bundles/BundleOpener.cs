using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using IacCi.Core.Faults;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Work;
using IacCi.Core.Work.Unpack;

namespace IacCi.Core.Bundles;

/// <summary>Finds the age identities that may open an order's bundle.</summary>
public interface IIdentitySource
{
    /// <summary>The identities, for an order.</summary>
    /// <exception cref="UserException">There is none, or it cannot be had; the message says where it was looked for.</exception>
    ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(WorkOrder order, CancellationToken cancellationToken);
}

/// <summary>
/// Opens bundles: the code goes to a new folder, the values of the variables only to memory.
/// </summary>
/// <param name="identities">The keys.</param>
/// <param name="newFolder">Makes a folder for the code of one order.</param>
/// <param name="keyring">Remembers the data keys of bundles; null where each bundle is opened by a process of its own.</param>
public sealed class BundleOpener(IIdentitySource identities, Func<OrderFolder> newFolder, SopsKeyring? keyring = null) : IOrderOpener
{
    private const string TimeoutVariable = "TIMEOUT";

    /// <inheritdoc/>
    public async ValueTask<IOpenedOrder> OpenAsync(WorkOrder order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken)
    {
        var folder = newFolder();
        try
        {
            var content = Unpack(bundle, folder.Root);
            var keys = await FindKeysAsync(order, cancellationToken);
            var variables = Decrypt(content, keys);
            return new Opened(folder, Compose(content, variables));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static BundleContent Unpack(ReadOnlyMemory<byte> bundle, string folder)
    {
        try
        {
            using var stream = Reading(bundle);
            return BundleReader.Read(SafeUnzip.ExtractInto(stream, folder, UnzipLimits.Default, BundleReader.Parts));
        }
        catch (UserException wrong)
        {
            throw BundleException.Invalid(Detail(wrong, FailureReasons.BundleInvalid), wrong);
        }
    }

    private static MemoryStream Reading(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(bytes.ToArray(), writable: false);

    private async ValueTask<IReadOnlyList<AgeIdentity>> FindKeysAsync(WorkOrder order, CancellationToken cancellationToken)
    {
        try
        {
            return await identities.FindAsync(order, cancellationToken);
        }
        catch (UserException wrong)
        {
            throw BundleException.Undecryptable(Detail(wrong, FailureReasons.DecryptFailed), wrong);
        }
    }

    private Dictionary<string, string> Decrypt(BundleContent content, IReadOnlyList<AgeIdentity> keys)
    {
        byte[] plain;
        try
        {
            plain = SopsFile.Decrypt(content.EncryptedValues, SopsFormat.Json, keys, keyring);
        }
        catch (UserException wrong)
        {
            throw BundleException.Undecryptable(Detail(wrong, FailureReasons.DecryptFailed), wrong);
        }

        try
        {
            var values = Values(plain);
            return values.Keys.ToHashSet(StringComparer.Ordinal).SetEquals(content.Sources.Keys)
                ? values
                : throw BundleException.Invalid($"{BundleFiles.Secrets} and {BundleFiles.Sources} do not name the same variables");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static Dictionary<string, string> Values(byte[] plain)
    {
        try
        {
            using var document = JsonDocument.Parse(plain);
            return document.RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!, StringComparer.Ordinal);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not as the inner exception: its message may quote a value.
            throw BundleException.Invalid($"{BundleFiles.Secrets} does not hold an object of strings");
        }
    }

    private static OrderContent Compose(BundleContent content, Dictionary<string, string> variables)
    {
        var isTime = int.TryParse(variables.GetValueOrDefault(TimeoutVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0;
        return new OrderContent
        {
            Commands = content.Commands,
            Variables = variables,
            SecretValues = [.. content.SecretNames.Select(name => variables[name]).Distinct(StringComparer.Ordinal)],
            Timeout = isTime ? TimeSpan.FromSeconds(seconds) : throw BundleException.Invalid($"the variable {TimeoutVariable} is no number of seconds"),
            Retries = content.Order.Retries,
            Stop = content.Stop,
        };
    }

    /// <summary>Some messages begin with the word already.</summary>
    private static string Detail(UserException wrong, string word) =>
        wrong.Message.StartsWith(word + ": ", StringComparison.Ordinal) ? wrong.Message[(word.Length + 2)..] : wrong.Message;

    private sealed class Opened(OrderFolder folder, OrderContent content) : IOpenedOrder
    {
        public OrderContent Content => content;

        public string Folder => folder.Code;

        public string EventsFolder => folder.Events;

        public void Dispose() => folder.Dispose();
    }
}
