using IacCi.Core.Hosts.Server;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Hosts.Server;

internal sealed class AdmissionTests
{
    private readonly Admission admission = new();

    [Test]
    public async Task The_largest_job_fits_alone_and_no_second_one_beside_it()
    {
        await Assert.That(admission.TryAcquireLease(Run(1), 9_999, 900_000)).IsTrue();
        await Assert.That(admission.TryAcquireLease(Run(2), 9_999, 900_000)).IsFalse();
        admission.Leave(Run(1));
        await Assert.That(admission.TryAcquireLease(Run(2), 9_999, 900_000)).IsTrue();
    }

    [Test]
    public async Task Requests_are_bounded_by_their_bytes_too()
    {
        await Assert.That(admission.TryAcquireLease(Run(1), 1, Admission.MaxBytes)).IsTrue();
        await Assert.That(admission.TryAcquireLease(Run(2), 1, 1)).IsFalse();
        await Assert.That(admission.Shown).Contains("1 runs");
    }

    [Test]
    public async Task Small_runs_are_many_but_not_without_end()
    {
        var entered = Enumerable.Range(0, 2_000).Count(n => admission.TryAcquireLease(Run(n), 1, 100));
        await Assert.That(entered).IsEqualTo(Admission.MaxOrders / Admission.OrdersOfARun);
    }

    [Test]
    public async Task A_run_counts_once_and_one_that_is_there_counts_although_there_is_no_room()
    {
        await Assert.That(admission.TryAcquireLease(Run(1), 6_000, 1)).IsTrue();
        await Assert.That(admission.TryAcquireLease(Run(1), 6_000, 1)).IsTrue();
        admission.Enter(Run(2), 6_000);
        await Assert.That(admission.TryAcquireLease(Run(3), 1, 1)).IsFalse();
        admission.Leave(Run(2));
        admission.Leave(Run(2));
        await Assert.That(admission.TryAcquireLease(Run(3), 1, 1)).IsTrue();
    }

    private static RunId Run(int n) => RunId.Parse($"run-{n}");
}
