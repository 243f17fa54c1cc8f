using System.Net;
using IacCi.Core.Hosts.Server;
using Microsoft.AspNetCore.Connections;

namespace IacCi.Tests.Unit.Hosts.Server;

/// <summary>Connections without a request.</summary>
internal sealed class PendingConnectionsTests : IDisposable
{
    private readonly PendingConnections pending = new();
    private readonly List<Waiting> made = [];

    [Test]
    public async Task The_oldest_of_an_address_goes_when_it_has_one_too_many()
    {
        var other = Connect("10.0.0.2");
        var ours = Many("10.0.0.1", PendingConnections.MaxOfAddress);
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(0);

        Connect("10.0.0.1");

        await Assert.That(ours[0].IsAborted).IsTrue();
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(1);
        await Assert.That(other.IsAborted).IsFalse();
    }

    [Test]
    public async Task Of_all_addresses_the_one_with_the_most_loses_its_oldest()
    {
        var few = Many("10.0.0.1", 80);
        var most = Many("10.0.0.2", 100);
        Many("10.0.0.3", PendingConnections.MaxInAll - 180);
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(0);

        Connect("10.0.0.4");

        await Assert.That(most[0].IsAborted).IsTrue();
        await Assert.That(few.Any(one => one.IsAborted)).IsFalse();
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(1);
    }

    [Test]
    public async Task One_with_a_request_in_progress_does_not_count_and_is_the_youngest_afterwards()
    {
        var asking = Connect("10.0.0.1");
        var answered = new TaskCompletionSource();
        var request = pending.HandleAsync(asking.Context.Items, () => answered.Task);
        var ours = Many("10.0.0.1", PendingConnections.MaxOfAddress);
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(0);

        answered.SetResult();
        await request;

        await Assert.That((asking.IsAborted, ours[0].IsAborted, ours[1].IsAborted)).IsEqualTo((false, true, false));
    }

    [Test]
    public async Task One_that_has_ended_counts_no_longer()
    {
        foreach (var ended in Many("10.0.0.1", PendingConnections.MaxOfAddress))
        {
            await ended.EndAsync();
        }

        Many("10.0.0.1", PendingConnections.MaxOfAddress);
        await Assert.That(made.Count(one => one.IsAborted)).IsEqualTo(0);
    }

    [Test]
    [Arguments("::ffff:10.1.2.3", "10.1.2.3")]
    [Arguments("10.1.2.3", "10.1.2.3")]
    [Arguments("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    public async Task A_network_of_IPv6_counts_as_one_address(string remote, string counted) =>
        await Assert.That(PendingConnections.AddressOf(new IPEndPoint(IPAddress.Parse(remote), 1))).IsEqualTo(IPAddress.Parse(counted));

    public void Dispose() => made.ForEach(one => one.Dispose());

    private List<Waiting> Many(string address, int count) => [.. Enumerable.Range(0, count).Select(_ => Connect(address))];

    private Waiting Connect(string address)
    {
        made.Add(new Waiting(pending, new IPEndPoint(IPAddress.Parse(address), 1_000 + made.Count)));
        return made[^1];
    }

    /// <summary>A connection that is served until it is told to end.</summary>
    private sealed class Waiting : IDisposable
    {
        private readonly TaskCompletionSource ended = new();
        private readonly Task served;

        internal Waiting(PendingConnections pending, EndPoint remote)
        {
            Context = new Connection { RemoteEndPoint = remote };
            served = pending.HandleAsync(Context, _ => ended.Task);
        }

        internal Connection Context { get; }

        internal bool IsAborted => Context.IsAborted;

        internal Task EndAsync()
        {
            ended.TrySetResult();
            return served;
        }

        public void Dispose() => ended.TrySetResult();
    }

    private sealed class Connection : DefaultConnectionContext
    {
        internal bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }
}
