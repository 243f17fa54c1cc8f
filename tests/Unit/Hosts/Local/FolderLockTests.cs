using IacCi.Core.Linux;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Hosts.Local;

internal sealed class FolderLockTests
{
    [Test]
    public async Task A_folder_has_one_holder_at_a_time()
    {
        using var folder = new TempFolder();
        using (FolderLock.TryTake(folder.Path)!)
        {
            await Assert.That(FolderLock.TryTake(folder.Path)).IsNull();
        }

        using var again = FolderLock.TryTake(folder.Path);
        await Assert.That(again).IsNotNull();
    }

    [Test]
    public async Task A_folder_and_one_inside_it_are_not_held_together_and_neighbours_are()
    {
        using var folder = new TempFolder().With("a/x").With("b/x");
        using (FolderLock.TryTake(folder["a"])!)
        {
            await Assert.That(FolderLock.TryTake(folder.Path)).IsNull();
            using var neighbour = FolderLock.TryTake(folder["b"]);
            await Assert.That(neighbour).IsNotNull();
        }

        using var whole = FolderLock.TryTake(folder.Path);
        await Assert.That(FolderLock.TryTake(folder["a"])).IsNull();
    }

    [Test]
    public async Task A_link_to_a_folder_is_the_folder()
    {
        using var folder = new TempFolder().With("a/b/x").WithLink("l", "a/b");
        using var held = FolderLock.TryTake(folder["l"]);
        await Assert.That(FolderLock.TryTake(folder["a/b"])).IsNull();
        await Assert.That(FolderLock.TryTake(folder["a"])).IsNull();
    }

    [Test]
    public async Task Who_waits_gets_the_folder_when_it_is_free_and_may_give_up()
    {
        using var folder = new TempFolder();
        var held = FolderLock.TryTake(folder.Path)!;
        using var impatient = new CancellationTokenSource();
        var givesUp = FolderLock.TakeAsync(folder.Path, TimeProvider.System, impatient.Token);
        var waits = FolderLock.TakeAsync(folder.Path, TimeProvider.System, CancellationToken.None);
        await impatient.CancelAsync();
        await Assert.That(async () => await givesUp).Throws<OperationCanceledException>();
        held.Dispose();
        using var taken = await waits;
        await Assert.That(FolderLock.TryTake(folder.Path)).IsNull();
    }
}
