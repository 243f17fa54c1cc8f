using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Hosts.Local;

internal sealed class LocalStateKeeperTests
{
    private static readonly OrderAssignment Order =
        new() { RunId = RunId.Parse("run-1"), OrderNum = new OrderNum(7), S3Location = "k", ExecSha256 = new string('0', 64) };

    [Test]
    public async Task State_is_kept_per_run_and_order_for_this_user_alone()
    {
        using var copy = new TempFolder().With("terraform.tfstate", "one").With("vpc/errored.tfstate", "two");
        using var state = new TempFolder();
        TempFolder.Run("chmod", "644", copy["terraform.tfstate"]);
        var kept = new LocalStateKeeper(state["kept"]).Keep(Order, copy.Path, ["terraform.tfstate", "vpc/errored.tfstate"]);
        await Assert.That((kept.Where, kept.Problem)).IsEqualTo((state["kept/run-1/0007"], null));
        await Assert.That(File.ReadAllText(state["kept/run-1/0007/terraform.tfstate"])).IsEqualTo("one");
        await Assert.That(File.ReadAllText(state["kept/run-1/0007/vpc/errored.tfstate"])).IsEqualTo("two");
        await Assert.That(TempFolder.Run("stat", "-c", "%a", state["kept/run-1/0007/terraform.tfstate"]).Trim()).IsEqualTo("600");
        await Assert.That(TempFolder.Run("stat", "-c", "%a", state["kept/run-1/0007"]).Trim()).IsEqualTo("700");
    }

    [Test]
    public async Task What_stood_beside_the_copy_stays_within_the_orders_place_and_the_same_is_not_kept_twice()
    {
        using var order = new TempFolder().With("code/a.tfstate", "one").With("b.tfstate", "two");
        using var state = new TempFolder();
        var keeper = new LocalStateKeeper(state["kept"]);
        await Assert.That(keeper.Keep(Order, order["code"], ["a.tfstate", "../b.tfstate"]).NewCount).IsEqualTo(2);
        await Assert.That(File.ReadAllText(state["kept/run-1/0007/beside-the-copy/b.tfstate"])).IsEqualTo("two");
        order.With("b.tfstate", "new");
        await Assert.That(keeper.Keep(Order, order["code"], ["a.tfstate", "../b.tfstate"]).NewCount).IsEqualTo(1);
        await Assert.That(File.ReadAllText(state["kept/run-1/0007/beside-the-copy/b.tfstate"])).IsEqualTo("new");
    }

    [Test]
    public async Task What_cannot_be_kept_is_said_and_the_rest_is_kept()
    {
        using var copy = new TempFolder().With("b.tfstate", "x");
        using var state = new TempFolder();
        var kept = new LocalStateKeeper(state["kept"]).Keep(Order, copy.Path, ["a.tfstate", "b.tfstate"]);
        await Assert.That(kept.Where).IsEqualTo(state["kept/run-1/0007"]);
        await Assert.That(kept.Problem).Contains("a.tfstate");
        await Assert.That(File.Exists(state["kept/run-1/0007/b.tfstate"])).IsTrue();
    }

    [Test]
    public async Task Where_nothing_can_be_kept_there_is_no_place()
    {
        using var copy = new TempFolder().With("a.tfstate", "x");
        using var state = new TempFolder().With("kept", "a file in the way");
        var kept = new LocalStateKeeper(state["kept"]).Keep(Order, copy.Path, ["a.tfstate"]);
        await Assert.That(kept.Where).IsNull();
        await Assert.That(kept.Problem).Contains("a.tfstate");
    }
}
