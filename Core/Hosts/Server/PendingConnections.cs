using System.Net;
using Microsoft.AspNetCore.Connections;

namespace IacCi.Core.Hosts.Server;

/// <summary>
/// Connections without a request in progress: those that have sent nothing, part of a head, or wait for their next request. They cost a
/// stranger nothing, so they are bounded, for each address and in all. When one too many comes, the oldest of the address with the most
/// has to go.
/// </summary>
internal sealed class PendingConnections
{
    /// <summary>The most of one address.</summary>
    public const int MaxOfAddress = 128;

    /// <summary>The most of all addresses.</summary>
    public const int MaxInAll = 256;

    private readonly Dictionary<IPAddress, LinkedList<Connection>> byAddress = [];
    private readonly Lock gate = new();
    private int count;

    /// <summary>Looks after a connection until it ends.</summary>
    /// <param name="connection">It.</param>
    /// <param name="next">Serves it.</param>
    public async Task HandleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var entry = new Connection(AddressOf(connection.RemoteEndPoint), connection.Abort);
        connection.Items[typeof(PendingConnections)] = entry;
        Wait(entry);
        try
        {
            await next(connection);
        }
        finally
        {
            Remove(entry);
        }
    }

    /// <summary>Handles a request, in whose time its connection does not count.</summary>
    /// <param name="items">What is kept with the connection.</param>
    /// <param name="handle">Handles the request.</param>
    public async Task HandleAsync(IDictionary<object, object?>? items, Func<Task> handle)
    {
        if (items?.TryGetValue(typeof(PendingConnections), out var value) != true || value is not Connection entry)
        {
            await handle();
            return;
        }

        Remove(entry);
        try
        {
            await handle();
        }
        finally
        {
            Wait(entry);
        }
    }

    /// <summary>An IPv6 network counts as one address: whoever has one has all of it.</summary>
    internal static IPAddress AddressOf(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: var address })
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Wait(Connection entry)
    {
        Connection? surplus;
        lock (gate)
        {
            if (!byAddress.TryGetValue(entry.Address, out var list))
            {
                byAddress[entry.Address] = list = new();
            }

            entry.Place = list.AddLast(entry);
            count++;
            surplus = list.Count > MaxOfAddress ? list.First!.Value
                : count > MaxInAll ? byAddress.Values.MaxBy(others => others.Count)!.First!.Value
                : null;
            Forget(surplus);
        }

        surplus?.Abort();
    }

    private void Remove(Connection entry)
    {
        lock (gate)
        {
            Forget(entry);
        }
    }

    private void Forget(Connection? entry)
    {
        if (entry?.Place is not { List: { } list } place)
        {
            return;
        }

        list.Remove(place);
        entry.Place = null;
        count--;
        if (list.Count == 0)
        {
            byAddress.Remove(entry.Address);
        }
    }

    private sealed class Connection(IPAddress address, Action abort)
    {
        public IPAddress Address => address;

        public LinkedListNode<Connection>? Place { get; set; }

        public void Abort() => abort();
    }
}
