namespace IacCi.Tests.Unit;

internal sealed class Smoke
{
    [Test]
    public async Task Works() => await Assert.That(Core.Runs.OrderNum.Job.IsJob).IsTrue();
}
