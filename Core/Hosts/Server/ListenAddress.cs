using System.Globalization;
using System.Net;

namespace IacCi.Core.Hosts.Server;

/// <summary>Where the server listens: an address of this machine and a port.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">The port; 0 for any that is free.</param>
internal sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Where a server listens when nothing is said.</summary>
    public static ListenAddress Default { get; } = new(IPAddress.Loopback, 8080);

    /// <summary>Whether only this machine itself can connect.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>
    /// Reads <c>127.0.0.1:8080</c>, <c>[::1]:8080</c> or <c>localhost:8080</c>. Other names are not looked up: a server has to know its
    /// address.
    /// </summary>
    /// <returns>Null when it is none of them.</returns>
    public static ListenAddress? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > IPEndPoint.MaxPort)
        {
            return null;
        }

        var host = text[..colon];
        if (host == "localhost")
        {
            return new ListenAddress(IPAddress.Loopback, port);
        }

        // Brackets tell an IPv6 address from a port, so that one needs them, and no other may have them.
        return host.StartsWith('[') == host.EndsWith(']')
            && IPAddress.TryParse(host.Trim('[', ']'), out var ip)
            && host.StartsWith('[') == (ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)
            ? new ListenAddress(ip, port)
            : null;
    }

    /// <summary>As it is written: <c>127.0.0.1:8080</c>.</summary>
    public override string ToString() => new IPEndPoint(Address, Port).ToString();
}
