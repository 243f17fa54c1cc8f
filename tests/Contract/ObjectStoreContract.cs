using System.Globalization;
using System.Text;
using IacCi.Core.Model;

namespace IacCi.Tests.Contract;

/// <summary>
/// What every <see cref="IObjectStore"/> promises. Derive from it, say how an empty store is made, and put <c>[InheritsTests]</c> on the
/// class.
/// </summary>
internal abstract class ObjectStoreContract
{
    private const long Plenty = 1 << 20;

    /// <summary>Makes an empty store that shares nothing with any other.</summary>
    protected abstract ValueTask<IObjectStore> CreateStoreAsync();

    private static CancellationToken None => CancellationToken.None;

    [Test]
    public async Task What_is_not_there_is_null()
    {
        var store = await CreateStoreAsync();
        await Assert.That(await store.GetAsync("a/b", Plenty, None) is null).IsTrue();
        await Assert.That(await store.ReadAsync("a/b", Plenty, None)).IsNull();
        await Assert.That(await store.ExistsAsync("a/b", None)).IsFalse();
        await Assert.That((await KeysOf(store, "")).Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_written_object_is_read_back_at_once()
    {
        var store = await CreateStoreAsync();
        await store.PutAsync("a/b.json", Bytes("größe 🚀"), None);
        await Assert.That(await TextOf(store, "a/b.json")).IsEqualTo("größe 🚀");
        await Assert.That(await store.ExistsAsync("a/b.json", None)).IsTrue();
    }

    [Test]
    public async Task What_belongs_to_one_order_is_listed_under_its_own_prefix_only()
    {
        var store = await CreateStoreAsync();
        var run = RunId.Parse("run-1");
        OrderNum[] nums = [OrderNum.Job, OrderNum.At(0), OrderNum.At(1)];
        await store.PutAsync(RunKeys.Plan(run), Bytes("plan"), None);
        foreach (var num in nums)
        {
            await store.CreateAsync(RunKeys.Bundle(run, num), Bytes($"bundle {num}"), None);
            await store.CreateAsync(RunKeys.Claim(run, num), Bytes($"claim {num}"), None);
            await Assert.That(await store.CreateAsync(RunKeys.Result(run, num), Bytes($"result {num}"), None)).IsTrue();
        }

        await Assert.That(await KeysOf(store, RunKeys.Results(run))).IsEquivalentTo(nums.Select(num => RunKeys.Result(run, num)));
        await Assert.That(await KeysOf(store, RunKeys.CallbackRoot)).IsEquivalentTo(nums.Select(num => RunKeys.Result(run, num)));
        await Assert.That(await KeysOf(store, RunKeys.ExecRoot)).IsEquivalentTo(
            nums.Select(num => RunKeys.Bundle(run, num)).Append(RunKeys.Plan(run)));
        await Assert.That(await TextOf(store, RunKeys.Result(run, nums[1]))).IsEqualTo("result 0001");
        await Assert.That(await TextOf(store, RunKeys.Bundle(run, nums[1]))).IsEqualTo("bundle 0001");
    }

    [Test]
    public async Task A_file_becomes_an_object_once_and_is_read_as_a_stream()
    {
        var store = await CreateStoreAsync();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "first 🚀");
            await Assert.That(await store.CreateFromFileAsync("a/code.zip", file, None)).IsTrue();
            await File.WriteAllTextAsync(file + ".2", "second");
            await Assert.That(await store.CreateFromFileAsync("a/code.zip", file + ".2", None)).IsFalse();
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".2");
        }

        await using var stream = await store.OpenAsync("a/code.zip", Plenty, None);
        await Assert.That(stream!.CanSeek).IsTrue();
        using var reader = new StreamReader(stream);
        await Assert.That(await reader.ReadToEndAsync()).IsEqualTo("first 🚀");
        await Assert.That(await store.OpenAsync("a/other.zip", Plenty, None) is null).IsTrue();
        await Assert.That(async () => await store.OpenAsync("a/code.zip", 3, None)).Throws<ObjectTooLargeException>();
        await Assert.That(await KeysOf(store, "")).IsEquivalentTo(["a/code.zip"]);
    }

    [Test]
    public async Task A_put_replaces_what_stood_there()
    {
        var store = await CreateStoreAsync();
        await store.PutAsync("k", Bytes("a longer first"), None);
        await store.PutAsync("k", Bytes("second"), None);
        await Assert.That(await TextOf(store, "k")).IsEqualTo("second");
    }

    [Test]
    public async Task A_create_takes_a_free_key_and_leaves_a_taken_one_unchanged()
    {
        var store = await CreateStoreAsync();
        await Assert.That(await store.CreateAsync("k", Bytes("first"), None)).IsTrue();
        var written = await store.ReadAsync("k", Plenty, None);
        await Assert.That(await store.CreateAsync("k", Bytes("second"), None)).IsFalse();
        await Assert.That(await TextOf(store, "k")).IsEqualTo("first");
        await Assert.That((await store.ReadAsync("k", Plenty, None))?.WrittenAt).IsEqualTo(written?.WrittenAt);
    }

    [Test]
    public async Task A_create_is_refused_after_a_put_too()
    {
        var store = await CreateStoreAsync();
        await store.PutAsync("k", Bytes("put"), None);
        await Assert.That(await store.CreateAsync("k", Bytes("created"), None)).IsFalse();
        await Assert.That(await TextOf(store, "k")).IsEqualTo("put");
    }

    [Test]
    public async Task Of_many_who_create_one_key_at_once_exactly_one_wins()
    {
        var store = await CreateStoreAsync();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => Task.Run(() => store.CreateAsync("k", Bytes(Name(i)), None).AsTask())));
        await Assert.That(answers.Count(won => won)).IsEqualTo(1);
        await Assert.That(await TextOf(store, "k")).IsEqualTo(Name(Array.IndexOf(answers, true)));
    }

    [Test]
    public async Task Whoever_reads_while_others_put_sees_one_whole_version()
    {
        var store = await CreateStoreAsync();
        var versions = Enumerable.Range(0, 4).Select(i => new string((char)('a' + i), 50_000)).ToArray();
        await store.PutAsync("k", Bytes(versions[0]), None);
        var writes = versions.Select(v => Task.Run(() => store.PutAsync("k", Bytes(v), None).AsTask()));
        var reads = Enumerable.Range(0, 8).Select(_ => Task.Run(() => TextOf(store, "k"))).ToArray();
        await Task.WhenAll(writes);
        await Assert.That((await Task.WhenAll(reads)).All(text => versions.Contains(text))).IsTrue();
    }

    [Test]
    public async Task An_empty_object_is_there_and_empty()
    {
        var store = await CreateStoreAsync();
        await Assert.That(await store.CreateAsync("empty", ReadOnlyMemory<byte>.Empty, None)).IsTrue();
        await Assert.That((await store.GetAsync("empty", 0, None))!.Value.Length).IsEqualTo(0);
        await Assert.That(await store.CreateAsync("empty", Bytes("x"), None)).IsFalse();
    }

    [Test]
    public async Task Any_bytes_are_kept_as_they_are()
    {
        var store = await CreateStoreAsync();
        var content = Enumerable.Range(0, 256 * 300).Select(i => (byte)(i * 7)).ToArray();
        await store.PutAsync("bytes", content, None);
        await Assert.That((await store.GetAsync("bytes", Plenty, None))!.Value.Span.SequenceEqual(content)).IsTrue();
    }

    [Test]
    public async Task What_the_writer_does_to_its_buffer_afterwards_changes_nothing()
    {
        var store = await CreateStoreAsync();
        var buffer = Encoding.UTF8.GetBytes("before");
        await store.PutAsync("k", buffer, None);
        buffer.AsSpan().Fill((byte)'x');
        await Assert.That(await TextOf(store, "k")).IsEqualTo("before");
    }

    [Test]
    public async Task As_much_as_allowed_is_read_and_a_byte_more_is_refused()
    {
        var store = await CreateStoreAsync();
        await store.PutAsync("k", new byte[1_000], None);
        await Assert.That((await store.GetAsync("k", 1_000, None))!.Value.Length).IsEqualTo(1_000);
        await Assert.That(async () => await store.GetAsync("k", 999, None)).Throws<ObjectTooLargeException>();
    }

    [Test]
    public async Task Keys_that_differ_in_case_only_are_two_keys()
    {
        var store = await CreateStoreAsync();
        await store.PutAsync("run/A", Bytes("upper"), None);
        await Assert.That(await store.CreateAsync("run/a", Bytes("lower"), None)).IsTrue();
        await Assert.That(await TextOf(store, "run/A")).IsEqualTo("upper");
    }

    [Test]
    public async Task Keys_are_listed_by_prefix_in_the_order_of_their_bytes()
    {
        var store = await CreateStoreAsync();
        string[] keys = ["r/a/1", "r/a-b/1", "r/a.b/1", "r/A/1", "r/a/0002/result.json", "r/a/0001/result.json", "r/a_b/1", "s/a", "r/b"];
        foreach (var key in keys)
        {
            await store.PutAsync(key, Bytes(key), None);
        }

        await Expect(await KeysOf(store, "r/"), keys.Where(k => k.StartsWith("r/", StringComparison.Ordinal)));
        await Expect(await KeysOf(store, "r/a"), keys.Where(k => k.StartsWith("r/a", StringComparison.Ordinal)));
        await Expect(await KeysOf(store, "r/a/"), keys.Where(k => k.StartsWith("r/a/", StringComparison.Ordinal)));
        await Expect(await KeysOf(store, "r/a/000"), keys.Where(k => k.StartsWith("r/a/000", StringComparison.Ordinal)));
        await Expect(await KeysOf(store, ""), keys);
        await Expect(await KeysOf(store, "x"), []);
    }

    [Test]
    public async Task A_listing_goes_on_over_more_than_two_pages()
    {
        var store = await CreateStoreAsync();
        var keys = Enumerable.Range(0, 2_050).Select(i => string.Create(CultureInfo.InvariantCulture, $"p/{i:D4}/result.json")).ToList();
        await Parallel.ForEachAsync(keys.AsEnumerable().Reverse(), async (key, token) => await store.PutAsync(key, Bytes("x"), token));
        await Expect(await KeysOf(store, "p/"), keys);
    }

    [Test]
    public async Task A_listing_may_be_left_early()
    {
        var store = await CreateStoreAsync();
        foreach (var key in new[] { "p/1", "p/2", "p/3" })
        {
            await store.PutAsync(key, Bytes("x"), None);
        }

        List<string> seen = [];
        await foreach (var key in store.ListAsync("p/", None))
        {
            seen.Add(key);
            if (seen.Count == 2)
            {
                break;
            }
        }

        await Expect(seen, ["p/1", "p/2"]);
    }

    private static async Task Expect(IReadOnlyList<string> actual, IEnumerable<string> keys) =>
        await Assert.That(string.Join('\n', actual)).IsEqualTo(string.Join('\n', keys.Order(StringComparer.Ordinal)));

    private static async Task<List<string>> KeysOf(IObjectStore store, string prefix)
    {
        List<string> keys = [];
        await foreach (var key in store.ListAsync(prefix, None))
        {
            keys.Add(key);
        }

        return keys;
    }

    private static async Task<string?> TextOf(IObjectStore store, string key) =>
        await store.GetAsync(key, Plenty, None) is { } content ? Encoding.UTF8.GetString(content.Span) : null;

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Name(int i) => i.ToString(CultureInfo.InvariantCulture);
}
