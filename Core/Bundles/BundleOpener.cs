using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using IacCi.Core.Archives;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Text;

namespace IacCi.Core.Bundles;

/// <summary>Finds the age identities that may open an order's bundle.</summary>
internal interface IIdentitySource
{
    /// <summary>The identities, for an order.</summary>
    /// <exception cref="UserException">There is none, or it cannot be had; the message says where it was looked for.</exception>
    ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken);
}

/// <summary>
/// Opens bundles: the code goes to a new folder, the values of the variables only to memory.
/// </summary>
/// <param name="bundles">Where the code comes from.</param>
/// <param name="identities">The keys.</param>
/// <param name="newFolder">Makes a folder for the code of one order.</param>
/// <param name="keyring">Remembers the data keys of bundles; null where each bundle is opened by a process of its own.</param>
internal sealed class BundleOpener(
    IBundleSource bundles, IIdentitySource identities, Func<OrderAssignment, OrderFolder> newFolder,
    SopsKeyring? keyring = null) : IOrderOpener
{
    private const string TimeoutVariable = "TIMEOUT";

    /// <summary>Archives up to this size are unpacked without waiting for others.</summary>
    private const int SmallArchiveBytes = 1 << 20;

    /// <summary>
    /// Large archives are unpacked one after the other, each with several threads: the first of many orders begins while others wait.
    /// </summary>
    private readonly Lock unpacking = new();

    /// <inheritdoc/>
    public async ValueTask<IOpenedOrder> OpenAsync(OrderAssignment order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken)
    {
        var folder = newFolder(order);
        try
        {
            var content = Read(bundle);
            var keys = await FindKeysAsync(order, cancellationToken);
            var variables = Decrypt(content, keys);
            await UnpackAsync(order, content.Order.CodeSha256, folder.Code, cancellationToken);
            return new Opened(folder, Compose(content, variables), InPlace(content.Order.Folder));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static BundleContent Read(ReadOnlyMemory<byte> bundle)
    {
        try
        {
            using var stream = Reading(bundle);
            return BundleReader.Read(ArchiveReader.ReadFiles(stream, BundleReader.Parts));
        }
        catch (UserException wrong) when (wrong is not BundleException)
        {
            throw BundleException.Invalid(wrong.Message, wrong);
        }
    }

    /// <summary>Unpacks the code. The bundle's digest was checked, and the code's stands in the bundle: nothing else is unpacked.</summary>
    private async ValueTask UnpackAsync(OrderAssignment order, string? sha256, string folder, CancellationToken cancellationToken)
    {
        if (sha256 is null)
        {
            return;
        }

        await using var archive = await bundles.OpenCodeAsync(order, sha256, cancellationToken);

        // Not asynchronously: that would change the thread, and the order has one.
        if (Convert.ToHexStringLower(SHA256.HashData(archive)) != sha256)
        {
            throw BundleException.Invalid("the SHA-256 of its code is not the one that it names");
        }

        archive.Position = 0;
        if (archive.Length <= SmallArchiveBytes)
        {
            Unpack(archive, folder);
            return;
        }

        lock (unpacking)
        {
            Unpack(archive, folder);
        }
    }

    private static void Unpack(Stream archive, string folder)
    {
        try
        {
            ArchiveReader.Unpack(archive, folder, new ArchiveLimits());
        }
        catch (UserException wrong)
        {
            throw BundleException.Invalid(wrong.Message, wrong);
        }
    }

    private static MemoryStream Reading(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(bytes.ToArray(), writable: false);

    private async ValueTask<IReadOnlyList<AgeIdentity>> FindKeysAsync(OrderAssignment order, CancellationToken cancellationToken)
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

    private Dictionary<string, string> Decrypt(BundleContent content, IReadOnlyList<AgeIdentity> keys)
    {
        byte[] plain;
        try
        {
            plain = SopsFile.Decrypt(content.EncryptedValues, SopsFormat.Json, keys, keyring);
        }
        catch (UserException wrong)
        {
            throw BundleException.Undecryptable(wrong.Message, wrong);
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
            return document.RootElement.EnumerateObject().ToDictionary(
                member => member.Name, member => member.Value.GetString()!, StringComparer.Ordinal);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not as the inner exception: its message may quote a value.
            throw BundleException.Invalid($"{BundleFiles.Secrets} does not hold an object of strings");
        }
    }

    private static OrderContent Compose(BundleContent content, Dictionary<string, string> variables)
    {
        var isTime = int.TryParse(
            variables.GetValueOrDefault(TimeoutVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds > 0;
        return new OrderContent
        {
            Commands = content.Commands,
            Variables = variables,
            SecretValues = [.. content.SecretNames.Select(name => variables[name]).Distinct(StringComparer.Ordinal)],
            Timeout = isTime
                ? TimeSpan.FromSeconds(seconds)
                : throw BundleException.Invalid($"the variable {TimeoutVariable} is no number of seconds"),
            Retries = content.Order.Retries,
            Stop = content.Stop,
            KeepChanges = content.Order.DiscardChanges ? KeepChanges.Discard : KeepChanges.State,
            Notes = content.Order.Notes,
        };
    }

    private static string? InPlace(string? folder) => folder is null || Directory.Exists(folder)
        ? folder
        : throw BundleException.Invalid($"the folder {folder} is not there, and the commands run in place");

    private sealed class Opened(OrderFolder folder, OrderContent content, string? inPlace) : IOpenedOrder
    {
        public OrderContent Content => content;

        public string Folder => inPlace ?? folder.Code;

        public bool IsCopy => inPlace is null;

        public string EventsFolder => folder.Events;

        public string? Around => inPlace is null ? folder.Root : null;

        public void Leave() => folder.Leave();

        public void Dispose() => folder.Dispose();
    }
}
