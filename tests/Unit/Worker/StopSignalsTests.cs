using IacCi.Core.Linux;

namespace IacCi.Tests.Unit.Worker;

internal sealed class StopSignalsTests
{
    private static ProcessLine Line(int pid, int parent, int group, string name) =>
        new(pid, parent, group, Session: 1, Start: 0, 'S', name);

    [Test]
    public async Task The_whole_group_gets_the_signal() =>
        await Assert.That(StopSignals.Choose([Line(10, 1, 10, "sh"), Line(11, 10, 10, "terraform"), Line(12, 11, 10, "provider")], [10]))
            .IsNull();

    [Test]
    public async Task What_a_program_started_that_passes_the_signal_on_does_not_get_it_twice()
    {
        ProcessLine[] table =
        [
            Line(10, 1, 10, "sh"), Line(11, 10, 10, "terragrunt"), Line(12, 11, 10, "terraform"), Line(13, 12, 10, "provider"),
            Line(14, 10, 10, "tee"), Line(20, 1, 20, "terragrunt"),
        ];
        await Assert.That(StopSignals.Choose(table, [10])!).IsEquivalentTo([10, 11, 14]);
    }

    [Test]
    public async Task Terragrunt_below_terragrunt_gets_it_from_the_one_above() =>
        await Assert.That(
            StopSignals.Choose([Line(10, 1, 10, "terragrunt"), Line(11, 10, 10, "terragrunt"), Line(12, 11, 10, "terraform")], [10])!)
            .IsEquivalentTo([10]);
}
