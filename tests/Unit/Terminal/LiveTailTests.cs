using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Tests.Unit.Terminal;

internal sealed class LiveTailTests
{
    private static readonly string Lines = string.Concat(Enumerable.Range(1, 500).Select(i => $"line {i}\n"));

    private static async Task<string> FollowedAsync(string live, string log)
    {
        using var folder = new TemporaryFile(live);
        using var output = new MemoryStream();
        using (var tail = new LiveTail(folder.Path, output))
        {
            tail.ShowNews();
            tail.Finish(log);
        }

        await Task.CompletedTask;
        return Encoding.UTF8.GetString(output.ToArray());
    }

    [Test]
    public async Task What_was_followed_whole_is_shown_once() => await Assert.That(await FollowedAsync(Lines, Lines)).IsEqualTo(Lines);

    [Test]
    public async Task What_could_not_be_written_any_more_is_shown_from_the_log()
    {
        var log = Lines + $"the end\niac-ci: {LiveLogFile.Stopped} (No space left on device); this log has all of it\n";
        await Assert.That(await FollowedAsync(Lines[..^"line 499\nline 500\n".Length], log)).IsEqualTo(log);
    }

    [Test]
    public async Task An_end_behind_a_gap_is_shown_after_a_word_about_it()
    {
        var log = $"... cut ...\nthe end\niac-ci: {LiveLogFile.Stopped} (x)\n";
        await Assert.That(await FollowedAsync(Lines, log)).IsEqualTo(Lines + LiveLogFile.Gap + log);
    }

    [Test]
    public async Task Too_much_output_is_followed_by_its_end()
    {
        var live = new string('x', 1_000) + "\n";
        var much = string.Concat(Enumerable.Repeat(live, (int)(LiveLogFile.MaxBytes / live.Length) + 1)) + LiveLogFile.TooMuch;
        var shown = await FollowedAsync(much, "head\n... cut ...\nsomething else\nthe end\n");
        await Assert.That(shown.EndsWith(LiveLogFile.Gap + "head\n... cut ...\nsomething else\nthe end\n", StringComparison.Ordinal))
            .IsTrue();
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string content) => File.WriteAllText(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
