using System.Text;
using IacCi.Core.Text;
using IacCi.Core.Worker.Output;

namespace IacCi.Tests.Unit.Worker;

internal sealed class LogBufferTests
{
    [Test]
    public async Task A_log_within_the_limit_is_kept_whole()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var log = new LogBuffer(1_000);
            var whole = new StringBuilder();
            while (whole.Length < 900)
            {
                var part = new string((char)('a' + random.Next(26)), random.Next(1, 100));
                _ = whole.Append(part);
                log.Append(Encoding.UTF8.GetBytes(part));
            }

            await Assert.That(log.IsCut).IsFalse();
            await Assert.That(log.ToText()).IsEqualTo(whole.ToString());
        }
    }

    [Test]
    public async Task A_longer_log_keeps_its_head_and_its_tail_and_says_how_much_is_missing()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var log = new LogBuffer(1_000);
            var whole = new StringBuilder();
            while (whole.Length < 5_000)
            {
                var part = string.Concat(Enumerable.Range(0, random.Next(1, 2_000)).Select(i => (char)('a' + (i % 26))));
                _ = whole.Append(part);
                log.Append(Encoding.UTF8.GetBytes(part));
            }

            var text = whole.ToString();
            await Assert.That(log.IsCut).IsTrue();
            await Assert.That(log.ToText()).IsEqualTo(
                $"{text[..250]}\n... iac-ci: {text.Length - 1_000} bytes of the log are left out here ...\n{text[^750..]}");
        }
    }

    [Test]
    public async Task The_cut_falls_between_characters()
    {
        for (var shift = 0; shift < 8; shift++)
        {
            var log = new LogBuffer(100);
            log.Append(Encoding.UTF8.GetBytes(new string('x', shift) + string.Concat(Enumerable.Repeat("€😀", 50))));
            var text = log.ToText();
            await Assert.That(text).DoesNotContain("\uFFFD");
            var missing = int.Parse(text.Split("iac-ci: ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            var announced = Encoding.UTF8.GetByteCount(text[text.IndexOf('\n')..(text.LastIndexOf('\n') + 1)]);
            await Assert.That(Encoding.UTF8.GetByteCount(text) - announced + missing).IsEqualTo(shift + 350);
        }
    }

    [Test]
    public async Task What_is_no_text_becomes_a_replacement_and_colours_stay()
    {
        var log = new LogBuffer();
        log.Append([(byte)'a', 0, 0xFF, 0x1B, (byte)'[', (byte)'m', 7, 0xC2, 0x85, (byte)'\r', (byte)'\n', (byte)'\t', 0x7F]);
        await Assert.That(log.ToText()).IsEqualTo("a\uFFFD\uFFFD\u001b[m\uFFFD\uFFFD\r\n\t\uFFFD");
    }

    [Test]
    public async Task The_tail_has_no_half_characters()
    {
        var log = new LogBuffer();
        log.Append("ab😀c"u8);
        await Assert.That(log.Tail(2)).IsEqualTo("c");
        await Assert.That(log.Tail(3)).IsEqualTo("😀c");
        await Assert.That(log.Tail(100)).IsEqualTo("ab😀c");
    }

    [Test]
    [Arguments("\u001b]0;title\u0007kept\n", "kept\n")]
    [Arguments("\u001b]8;;https://a\u0007link\u001b]8;;\u0007\n", "link\n")]
    [Arguments("\u009b31mred\u009b0m\u009b2J", "\u001b[31mred\u001b[0m")]
    [Arguments("\u001b[38;5;1mred\u001b[2J\u001b[?25l\u001b[10;10H\u001b[m", "\u001b[38;5;1mred\u001b[m")]
    [Arguments("\u001b]52;c;aGVsbG8=\u001b\\after \u001bPq#0\u001b\\sixel", "after sixel")]
    [Arguments("|\b/\b-\bdone é Â€", "|\b/\b-\bdone é Â€")]
    [Arguments("one \u001b]0;never ended\ntwo", "one \ntwo")]
    public async Task Of_sequences_only_colours_are_kept_however_the_stream_is_cut(string written, string kept)
    {
        await Assert.That(LogText.From(Encoding.UTF8.GetBytes(written))).IsEqualTo(kept);
        for (var size = 1; size < 8; size++)
        {
            var output = new OrderOutput(new Core.Worker.Masking.SecretMasker([]), null);
            foreach (var piece in Encoding.UTF8.GetBytes(written).Chunk(size))
            {
                output.Write(piece);
            }

            output.Complete();
            await Assert.That(output.Log.ToText()).IsEqualTo(kept);
        }
    }

    [Test]
    public async Task A_cut_leaves_no_half_of_a_colour()
    {
        var line = "\u001b[31mred\u001b[0m and plain\n";
        for (var limit = 200; limit < 260; limit++)
        {
            var log = new LogBuffer(limit);
            log.Append(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, 100))));
            var text = log.ToText();
            await Assert.That(text.Replace("\u001b[31m", "", StringComparison.Ordinal).Replace("\u001b[0m", "", StringComparison.Ordinal))
                .DoesNotContain("[").And.DoesNotContain("31m").And.DoesNotContain("\u001b");
        }
    }
}
