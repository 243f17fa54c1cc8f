using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Model;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>
/// The names under which a delivery without a <c>run_id</c> of its own is remembered, and the run id it gets. All of them
/// follow from the delivery alone, so that two receivers who know nothing of each other come to the same ones.
/// </summary>
internal static class DeliveryKeys
{
    /// <summary>The same body within this time is the same request.</summary>
    public static readonly TimeSpan SameBodyWithin = TimeSpan.FromMinutes(10);

    /// <summary>Under which all of it stands.</summary>
    internal const string Root = "tmp/intake/";

    /// <summary>SHA-256 of a body, lower-case hex.</summary>
    public static string Digest(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));

    /// <summary>The number of the ten minutes that an instant lies in, counted from 1970.</summary>
    public static long Window(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / (long)SameBodyWithin.TotalMilliseconds;

    /// <summary>The object that says who came with this body in these ten minutes.</summary>
    public static string Body(string digest, long window) => string.Create(CultureInfo.InvariantCulture, $"{Root}bodies/{digest}/{window}");

    /// <summary>
    /// The object that says which run a delivery led to. The body is part of the name, because the header that names the
    /// delivery is not signed: with another body it is another delivery.
    /// </summary>
    public static string Delivery(string deliveryId, string digest) =>
        $"{Root}deliveries/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{digest}\n{deliveryId}")))}";

    /// <summary>
    /// The run that the first delivery of this body in these ten minutes starts: a UUID (version 8: made from a hash, RFC 9562).
    /// </summary>
    public static RunId Run(string digest, long window)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"run\n{digest}\n{window}")))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return RunId.Parse(new Guid(bytes, bigEndian: true).ToString("D"));
    }
}
