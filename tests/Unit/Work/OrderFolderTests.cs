using System.Security.Cryptography;
using IacCi.Core.Work.Unpack;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Work;

internal sealed class OrderFolderTests
{
    public static IEnumerable<(string What, Action<OrderFolder> Touch)> Touches() =>
    [
        ("a file in the code", folder => File.WriteAllText(Path.Join(folder.Code, "left"), "")),
        ("a folder in the code", folder => Directory.CreateDirectory(Path.Join(folder.Code, ".left"))),
        ("an event", folder => File.WriteAllText(Path.Join(folder.Events, "e.json"), "{}")),
        ("a file beside the code", folder => File.WriteAllText(Path.Join(folder.Root, "left"), "")),
        ("other rights", folder => File.SetUnixFileMode(folder.Code, UnixFileMode.UserRead | UnixFileMode.UserExecute)),
        ("no right to look", folder => File.SetUnixFileMode(folder.Events, UnixFileMode.None)),
        ("a folder removed", folder => Directory.Delete(folder.Events)),
        ("a link in its place", folder =>
        {
            Directory.Delete(folder.Code);
            File.CreateSymbolicLink(folder.Code, folder.Events);
        }),
        ("another in its place", folder =>
        {
            Directory.Move(folder.Code, folder.Code + "2");
            Directory.CreateDirectory(folder.Code);
            Directory.Delete(folder.Code + "2");
        }),
    ];

    [Test]
    public async Task A_folder_left_as_it_was_serves_the_next_order_and_goes_with_the_last()
    {
        using var root = new TempFolder();
        string first;
        using (var folders = new OrderFolders(root["work"], RandomNumberGenerator.GetBytes, TimeProvider.System))
        {
            using (var one = folders.Take())
            {
                first = one.Root;
                await Assert.That(File.GetUnixFileMode(first)).IsEqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                using var meanwhile = folders.Take();
                await Assert.That(meanwhile.Root).IsNotEqualTo(first);
            }

            using var next = folders.Take();
            await Assert.That(next.Root).IsEqualTo(first);
        }

        await Assert.That(Directory.GetFileSystemEntries(root["work"])).IsEmpty();
    }

    [Test]
    [MethodDataSource(nameof(Touches))]
    public async Task A_folder_that_was_touched_is_removed_and_never_used_again(string what, Action<OrderFolder> touch) => await TouchAsync(what, touch, TimeSpan.Zero);

    [Test]
    [MethodDataSource(nameof(Touches))]
    public async Task A_folder_that_has_served_for_long_is_not_used_again_either_once_it_was_touched(string what, Action<OrderFolder> touch) => await TouchAsync(what, touch, TimeSpan.FromMilliseconds(50));

    [Test]
    public async Task A_folder_in_which_something_came_and_went_serves_the_next_order()
    {
        using var root = new TempFolder();
        using var folders = new OrderFolders(root["work"], RandomNumberGenerator.GetBytes, TimeProvider.System);
        string first;
        using (var one = folders.Take())
        {
            first = one.Root;
            File.WriteAllText(Path.Join(one.Code, "passing"), "");
            File.Delete(Path.Join(one.Code, "passing"));
        }

        await Assert.That(folders.Take().Root).IsEqualTo(first);
    }

    private static async Task TouchAsync(string what, Action<OrderFolder> touch, TimeSpan rest)
    {
        using var root = new TempFolder();
        using var folders = new OrderFolders(root["work"], RandomNumberGenerator.GetBytes, TimeProvider.System);
        folders.Take().Dispose();
        await Task.Delay(rest, TimeProvider.System);
        string first;
        using (var one = folders.Take())
        {
            first = one.Root;
            touch(one);
        }

        await Assert.That(Path.Exists(first)).IsFalse().Because(what);
        using var next = folders.Take();
        await Assert.That(next.Root).IsNotEqualTo(first);
        await Assert.That(Directory.GetFileSystemEntries(next.Root, "*", SearchOption.AllDirectories)).IsEquivalentTo([next.Code, next.Events]);
    }
}
