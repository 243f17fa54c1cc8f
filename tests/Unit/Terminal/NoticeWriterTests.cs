using System.Text;
using IacCi.Core.Linux;
using IacCi.Core.Terminal;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.Unit.Terminal;

internal sealed class NoticeWriterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task What_is_said_is_written_in_its_order()
    {
        using var target = new MemoryStream();
        using var writer = new NoticeWriter(target);
        for (var i = 0; i < 1_000; i++)
        {
            writer.WriteLine($"line {i}");
        }

        writer.Drain(Patience);
        await Assert.That(Encoding.UTF8.GetString(target.ToArray())).IsEqualTo(
            string.Concat(Enumerable.Range(0, 1_000).Select(i => $"line {i}\n")));
    }

    [Test]
    public async Task A_target_that_takes_nothing_ends_nothing()
    {
        using var writer = new NoticeWriter(new FullStream());
        writer.WriteLine("lost");
        writer.Drain(Patience);
        writer.WriteLine("lost too");
        writer.Drain(Patience);
        await Assert.That(writer.Encoding).IsEqualTo(Encoding.UTF8);
    }

    [Test]
    public async Task Somebody_who_does_not_read_delays_nothing_and_is_told_what_was_left_out()
    {
        using var target = new StuckStream();
        using var writer = new NoticeWriter(target);
        for (var i = 0; i < 3_000; i++)
        {
            writer.Write(new string('x', 1_000));
        }

        writer.Drain(TimeSpan.FromMilliseconds(1));
        target.Go();
        await LocalFixture.UntilAsync(
            () => target.Text.Contains("characters are left out here: nobody read them", StringComparison.Ordinal),
            "it is said what was left out");
        writer.Write("after");
        writer.Drain(Patience);
        await Assert.That(target.Text).Contains("characters are left out here: nobody read them").And.EndsWith("after");
        await Assert.That(target.Text.Length).IsLessThan(1_200_000);
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) =>
            throw new OutputLostException("No space left on device", isReaderGone: false);
    }

    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim going = new();
        private readonly Lock gate = new();

        public string Text
        {
            get
            {
                lock (gate)
                {
                    return Encoding.UTF8.GetString(ToArray());
                }
            }
        }

        public void Go() => going.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            going.Wait();
            lock (gate)
            {
                base.Write(buffer);
            }
        }
    }
}
