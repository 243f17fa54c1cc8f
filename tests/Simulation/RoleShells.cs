using System.Text;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Model;

namespace IacCi.Simulation;

/// <summary>The Lambdas' own shells, with events as AWS sends them.</summary>
internal static class RoleShells
{
    public const string Bucket = "internal";

    /// <summary>Handles an event of the bucket.</summary>
    public static async ValueTask OrchestrateAsync(
        World world, Host host, IEnumerable<(RunId Run, OrderNum Num)> records, string request, DateTimeOffset until)
    {
        var items = records.Select(
            r => $$$$"""{"s3":{"bucket":{"name":"{{{{Bucket}}}}"},"object":{"key":"{{{{RunKeys.Result(r.Run, r.Num)}}}}"}}}""");
        await HandleAsync(world, host, host.OrchestrateRole, request, until, $$"""{"Records":[{{string.Join(',', items)}}]}""");
    }

    /// <summary>Looks once after what a state machine's input names.</summary>
    /// <returns>Whether nobody needs to look again.</returns>
    public static async ValueTask<bool> CheckAsync(World world, Host host, WatchTarget watch, DateTimeOffset until)
    {
        var answer = await HandleAsync(world, host, host.WatchdogRole, "tick", until, WatchdogInput.Write(watch, Bucket));
        return answer.Span.SequenceEqual("""{"done":true}"""u8);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> HandleAsync(
        World world, Host host, IRole role, string request, DateTimeOffset until, string json)
    {
        var log = new StructuredLog(new LogReader(world), LogShape.Text, host.Actor.Clock, new LogContext { Role = "sim" });
        var invocation = new Invocation { RequestId = request, Deadline = until, Event = Encoding.UTF8.GetBytes(json) };
        return (await role.HandleAsync(invocation, log, default)).Json;
    }

    /// <summary>A shell tells of a bug in its log, and AWS only that the event failed.</summary>
    private sealed class LogReader(World world) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> line)
        {
            if (line.IndexOf("the pass was ended"u8) >= 0)
            {
                world.Breach("bug", Encoding.UTF8.GetString(line));
            }
        }
    }
}
