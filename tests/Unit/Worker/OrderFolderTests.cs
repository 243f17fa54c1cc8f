using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Worker;

internal sealed class OrderFolderTests
{
    [Test]
    public async Task A_folder_is_the_users_alone_and_holds_an_empty_code_and_an_empty_events()
    {
        using var root = new TempFolder();
        using var folder = OrderFolder.Create(root["work"], RandomNumberGenerator.GetBytes);
        await Assert.That(File.GetUnixFileMode(folder.Root)).IsEqualTo(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await Assert.That(Directory.GetFileSystemEntries(folder.Root, "*", SearchOption.AllDirectories))
            .IsEquivalentTo([folder.Code, folder.Events]);
    }

    [Test]
    public async Task Its_name_tells_whose_it_is()
    {
        using var root = new TempFolder();
        var order = new OrderAssignment { RunId = RunId.Parse("my-run_1"), OrderNum = new OrderNum(12), S3Location = "k", ExecSha256 = "" };
        using var folder = OrderFolder.Create(root["work"], RandomNumberGenerator.GetBytes, order);
        await Assert.That(OrderFolder.TryParse(Path.GetFileName(folder.Root), out var run, out var num)).IsTrue();
        await Assert.That((run, num)).IsEqualTo((order.RunId, order.OrderNum));
        using var nameless = OrderFolder.Create(root["work"], RandomNumberGenerator.GetBytes);
        await Assert.That(OrderFolder.TryParse(Path.GetFileName(nameless.Root), out _, out _)).IsFalse();
    }

    [Test]
    public async Task No_order_gets_a_folder_or_a_name_that_another_had()
    {
        using var root = new TempFolder();
        List<string> names = [];
        for (var i = 0; i < 20; i++)
        {
            using var folder = OrderFolder.Create(root["work"], RandomNumberGenerator.GetBytes);
            names.Add(folder.Root);
        }

        await Assert.That(names.Distinct().Count()).IsEqualTo(20);
        await Assert.That(Directory.GetFileSystemEntries(root["work"])).IsEmpty();
    }

    [Test]
    public async Task A_folder_is_removed_whatever_its_order_did_to_it()
    {
        using var root = new TempFolder();
        using (var folder = OrderFolder.Create(root["work"], RandomNumberGenerator.GetBytes))
        {
            File.WriteAllText(Path.Join(folder.Events, "e.json"), "{}");
            File.SetUnixFileMode(folder.Events, UnixFileMode.None);
            Directory.Delete(folder.Code);
            File.CreateSymbolicLink(folder.Code, root.Path);
        }

        await Assert.That(Directory.GetFileSystemEntries(root["work"])).IsEmpty();
    }
}
