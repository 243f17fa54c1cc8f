using IacCi.Core.Local;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Local;

internal sealed class ObjectStampTests
{
    [Test]
    public async Task Each_key_is_created_once_and_told_once_with_the_content_of_all()
    {
        using var folder = new TempFolder();
        List<string> told = [];
        var store = new FolderObjectStore(folder["objects"], told.Add);
        using (var stamp = store.Stamp("content"u8.ToArray()))
        {
            await Assert.That(stamp.Create("a/0001")).IsTrue();
            await Assert.That(stamp.Create("a/0001")).IsFalse();
            await Assert.That(stamp.Create("b/0001")).IsTrue();
            await Assert.That(store.Create("b/0001", "other"u8.ToArray())).IsFalse();
        }

        await Assert.That(told).IsEquivalentTo(["a/0001", "b/0001"]);
        await Assert.That(File.ReadAllText(store.PathOf("a/0001")) + File.ReadAllText(store.PathOf("b/0001"))).IsEqualTo("contentcontent");
        await Assert.That(Directory.GetFiles(folder["objects/.staging"])).IsEmpty();
    }

    [Test]
    public async Task One_that_replaces_an_object_leaves_the_others_as_they_are()
    {
        using var folder = new TempFolder();
        var store = new FolderObjectStore(folder["objects"], _ => { });
        using var stamp = store.Stamp("content"u8.ToArray());
        stamp.Create("one");
        stamp.Create("two");
        await store.PutAsync("one", "new"u8.ToArray(), default);
        await Assert.That(File.ReadAllText(store.PathOf("two"))).IsEqualTo("content");
    }

    [Test]
    public async Task More_objects_than_a_file_may_have_names_are_created()
    {
        using var folder = new TempFolder();
        var store = new FolderObjectStore(folder["objects"], _ => { });
        using var stamp = store.Stamp("content"u8.ToArray());
        var created = Enumerable.Range(0, 30_001).Count(i => stamp.Create($"many/{i}"));
        await Assert.That(created).IsEqualTo(30_001);
        await Assert.That(File.ReadAllText(store.PathOf("many/30000"))).IsEqualTo("content");
    }
}
