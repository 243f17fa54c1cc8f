using System.Text;
using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>
/// What DynamoDB takes at once (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). A text has at most
/// three bytes for each of its characters, so most need not be counted.
/// </summary>
internal static class ItemSizes
{
    /// <summary>The most bytes of an item.</summary>
    public const int MaxItemBytes = 400 << 10;

    /// <summary>The most bytes of a transaction.</summary>
    public const int MaxTransactionBytes = 4 << 20;

    /// <summary>Names of attributes, numbers, times, and texts of bounded length, in bytes; a generous guess.</summary>
    private const int OtherBytes = 2_000;

    private const int MaxBytesOfChar = 3;

    public static void Check(World world, JobRecord job) =>
        Require(world, OtherBytes + Bytes(job.Title) + Bytes(job.FailureReason) + Bytes(job.CommentId), MaxItemBytes, "the job");

    public static void Check(World world, RunLock held) =>
        Require(world, OtherBytes + held.Checkpoint.States.Length + (held.Inbox.Count * 6), MaxItemBytes, "the lock");

    public static void Check(World world, IReadOnlyList<OrderRecord> orders)
    {
        var total = 0;
        foreach (var order in orders)
        {
            Check(world, order);
            total += BytesOf(order, MaxTransactionBytes);
        }

        Require(world, total, MaxTransactionBytes, "a transaction");
    }

    public static void Check(World world, OrderRecord order) => Require(world, BytesOf(order, MaxItemBytes), MaxItemBytes, "an order");

    public static void Check(World world, IReadOnlyList<OrderChange> changes)
    {
        var total = 0;
        foreach (var change in changes)
        {
            total += OtherBytes + Bytes(change.LogTail) + Bytes(change.FailureReason);
            foreach (var custom in change.CustomEvents)
            {
                var size = OtherBytes + Bytes(custom);
                Require(world, size, MaxItemBytes, "an event");
                total += size;
            }
        }

        Require(world, total, MaxTransactionBytes, "a transaction");
    }

    private static int BytesOf(OrderRecord order, int limit)
    {
        var chars = (order.LogTail?.Length ?? 0) + (order.FailureReason?.Length ?? 0);
        foreach (var command in order.Commands)
        {
            chars += command.Length + 8;
        }

        var rest = OtherBytes + (order.Dependencies.Count * 8);
        return rest + (chars * MaxBytesOfChar) < limit / IRunStore.MaxWrites
            ? rest + (chars * MaxBytesOfChar)
            : rest + order.Commands.Sum(c => Bytes(c) + 8) + Bytes(order.LogTail) + Bytes(order.FailureReason);
    }

    private static int Bytes(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private static void Require(World world, int bytes, int most, string what)
    {
        if (bytes > most)
        {
            world.Breach("too-large", $"{what} of {bytes} bytes, {most} are allowed");
        }
    }
}
