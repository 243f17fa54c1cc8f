using IacCi.Core.Model;
using IacCi.Core.Worker.Events;

namespace IacCi.Tests.Unit.Worker;

internal sealed class EventFilesTests
{
    [Test]
    public async Task Good_files_are_taken_in_the_order_of_their_names_and_bad_ones_are_noted()
    {
        using var bench = new WorkerFixture();
        Write(bench, "b.json", """{"n": 2}""");
        Write(bench, "a.json", """{"n": 1}""");
        Write(bench, "c.json", "[1]");
        Write(bench, "d.json", "{");
        Write(bench, "e.json", $$"""{"x": "{{new string('x', OrderEventJson.MaxEventBytes)}}"}""");
        Write(bench, "f.json", """{"half": "\ud83d"}""");
        Write(bench, "g.json", """{"twice": 1, "twice": 2}""");
        Write(bench, "h.json", string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40));
        Write(bench, "i.txt", "no event");
        var found = EventFiles.Collect(bench.Events);
        await Assert.That(string.Join(' ', found.Events)).IsEqualTo("""{"n": 1} {"n": 2}""");
        await Assert.That(found.Notes.Count).IsEqualTo(6);
        await Assert.That(found.Notes[0]).IsEqualTo("the event file c.json is left out: not a JSON object");
    }

    [Test]
    public async Task Links_pipes_and_folders_are_not_followed_waited_for_or_entered()
    {
        using var bench = new WorkerFixture();
        Write(bench, "../outside.json", """{"secret": "of another"}""");
        File.CreateSymbolicLink(Path.Join(bench.Events, "link.json"), Path.Join(bench.Root, "outside.json"));
        Directory.CreateDirectory(Path.Join(bench.Events, "folder.json"));
        await bench.RunAsync("mkfifo \"$IAC_CI_EVENTS_DIR/pipe.json\"; ln -s /dev/zero \"$IAC_CI_EVENTS_DIR/zero.json\"");
        var found = EventFiles.Collect(bench.Events);
        await Assert.That(found.Events.Count).IsEqualTo(0);
        await Assert.That(found.Notes.Count).IsEqualTo(4);
    }

    [Test]
    public async Task A_folder_that_was_replaced_by_a_link_is_left_alone()
    {
        using var bench = new WorkerFixture();
        Write(bench, "../outside.json", "{}");
        Directory.Delete(bench.Events);
        File.CreateSymbolicLink(bench.Events, bench.Root);
        var found = EventFiles.Collect(bench.Events);
        File.Delete(bench.Events);
        await Assert.That(found.Events.Count).IsEqualTo(0);
        await Assert.That(found.Notes.Count).IsEqualTo(1);
    }

    [Test]
    public async Task More_than_the_limit_are_left_out_and_counted()
    {
        using var bench = new WorkerFixture();
        for (var number = 0; number < OrderEventJson.MaxEvents + 3; number++)
        {
            Write(bench, $"{number:D3}.json", "{}");
        }

        var found = EventFiles.Collect(bench.Events);
        await Assert.That(found.Events.Count).IsEqualTo(OrderEventJson.MaxEvents);
        await Assert.That(found.Notes[0]).StartsWith("3 event files are left out");
    }

    private static void Write(WorkerFixture bench, string name, string content) =>
        File.WriteAllText(Path.Join(bench.Events, name), content);
}
