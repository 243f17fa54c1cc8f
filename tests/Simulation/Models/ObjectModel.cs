using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>A bucket: reads see every write, a create takes only a free key, and results that appear send events.</summary>
internal sealed class ObjectModel(World world, bool isInternal)
{
    /// <summary>What stands under a key. A huge object has a size and no bytes.</summary>
    public sealed record Entry(ReadOnlyMemory<byte> Content, long Size, long At);

    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly SortedSet<string> results = new(StringComparer.Ordinal);
    private long firstClaimAt;

    public Entry? this[string key] => entries.GetValueOrDefault(key);

    public ReadOnlyMemory<byte>? Get(string key, long maxBytes) =>
        !entries.TryGetValue(key, out var entry)
            ? (ReadOnlyMemory<byte>?)null
            : entry.Size > maxBytes
            ? throw new ObjectTooLargeException(key, maxBytes)
            : entry.Content;

    public StoredObject? Read(string key, long maxBytes, Role by)
    {
        if (Get(key, maxBytes) is not { } content)
        {
            return null;
        }

        var at = new DateTimeOffset(entries[key].At, TimeSpan.Zero);
        if (by == Role.Orchestrate && world.Spec.Mutation == Mutation.EngineClaimUnheard && IsClaim(key))
        {
            return new StoredObject((OrderClaim.Parse(content.Span) with { By = null }).ToJson(), at);
        }

        return by != Role.OrderWatchdog || !TryParseClaim(key, out var run, out var num)
            ? new StoredObject(content, at)
            : world.Spec.Mutation switch
            {
                Mutation.WatchFromDispatch => Timed(content, world.Times.WatchedFrom(run, num)),
                Mutation.ClaimsShareATime => Timed(content, new DateTimeOffset(firstClaimAt, TimeSpan.Zero)),
                Mutation.ClaimTimeForgotten => Timed(content, null),
                _ => new StoredObject(content, at),
            };
    }

    /// <summary>Reads the run and the number out of the key of a claim; false for any other key.</summary>
    public static bool TryParseClaim(string key, out RunId run, out OrderNum num)
    {
        (run, num) = (default, default);
        return IsClaim(key) && key.Split('/') is [_, _, var name, var number] && RunId.TryParse(name, out run)
            && OrderNum.TryParse(number, out num);
    }

    private static StoredObject Timed(ReadOnlyMemory<byte> claim, DateTimeOffset? at) =>
        new((OrderClaim.Parse(claim.Span) with { ClaimedAt = at }).ToJson(), at);


    public bool Create(string key, ReadOnlyMemory<byte> content, Role by, long? size = null)
    {
        if (entries.ContainsKey(key) && !Overwrites(key, by))
        {
            return false;
        }

        Write(key, content, size);
        return true;
    }

    public void Put(string key, ReadOnlyMemory<byte> content, Role by)
    {
        var forgotten = by == Role.Orchestrate ? Mutation.HandOverForgotten : by == Role.Intake ? Mutation.TriggerForgotten : Mutation.None;
        if (forgotten == Mutation.None || world.Spec.Mutation != forgotten || !IsResult(key))
        {
            Write(key, content, null);
        }
    }

    /// <summary>One page of keys behind a key. Only results are listed by anybody, and those are kept in order.</summary>
    public List<string> Page(string prefix, string? after)
    {
        var keys = IsResult(prefix)
            ? results.GetViewBetween(after ?? prefix, prefix + char.MaxValue)
            : entries.Keys.Order(StringComparer.Ordinal).AsEnumerable();
        return [.. keys.Where(k => k != after && k.StartsWith(prefix,
            StringComparison.Ordinal) && (after is null || string.CompareOrdinal(k, after) > 0)).Take(1_000)];
    }

    /// <summary>The bucket's lifecycle rule deletes an object that is a day old, or some time after that.</summary>
    private void Forget(string key, Entry entry)
    {
        if (entries.TryGetValue(key, out var standing) && ReferenceEquals(standing, entry))
        {
            entries.Remove(key);
            results.Remove(key);
        }
    }

    private bool Overwrites(string key, Role by) => world.Spec.Mutation switch
    {
        Mutation.ClaimSkipped => by == Role.Worker && IsClaim(key),
        Mutation.EngineClaimSkipped => by != Role.Worker && IsClaim(key),
        Mutation.ResultOverwritten => key.EndsWith("/result.json", StringComparison.Ordinal),
        Mutation.DoneOverwritten => key.EndsWith("/done", StringComparison.Ordinal),
        Mutation.BundleOverwritten => key.EndsWith("/exec.zip", StringComparison.Ordinal),
        Mutation.PlanOverwritten => key.EndsWith("/graph.json", StringComparison.Ordinal),
        _ => false,
    };

    private static bool IsResult(string key) => key.StartsWith(RunKeys.CallbackRoot, StringComparison.Ordinal);

    private static bool IsClaim(string key) => key.StartsWith("tmp/claims/", StringComparison.Ordinal);

    private void Write(string key, ReadOnlyMemory<byte> content, long? size)
    {
        world.Invariants.BeforeWrite(isInternal, key, content, entries.GetValueOrDefault(key));
        var entry = entries[key] = new Entry(content, size ?? content.Length, world.Now);
        if (IsResult(key))
        {
            results.Add(key);
        }

        if (firstClaimAt == 0 && IsClaim(key))
        {
            firstClaimAt = world.Now;
        }

        if (world.Spec.Faults.HasFlag(Fault.Forgets) && !world.Rng.Chance(200))
        {
            world.After(TimeSpan.FromMinutes(world.Rng.Between(24 * 60, 48 * 60)).Ticks, () => Forget(key, entry));
        }

        if (!isInternal || !RunKeys.TryParseResult(key, out var run, out var num))
        {
            return;
        }

        if (world.Machine is null)
        {
            world.Events.Emit(run, num);
        }
        else if (!num.IsJob)
        {
            world.Machine.ResultWritten(run, num, content);
        }
    }
}
