using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Tests.Unit.Terminal;

namespace IacCi.Tests.Unit.Hosts.Local;

/// <summary>Whether anybody works on a run.</summary>
internal sealed class RunHostsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("iac-ci-hosts-").FullName;
    private readonly List<string> hosts = [];

    private static JobRecord Job(JobStatus status) => SampleRuns.Run().Job with { Status = status };

    private bool IsAbandoned(JobStatus status = JobStatus.Active) => new RunHosts(_ => hosts, folder).IsAbandoned(Job(status));

    [Test]
    public async Task A_run_is_abandoned_when_no_process_that_took_it_up_lives()
    {
        using var living = new ProcessLocks(folder, "living");
        hosts.Add("00000000-dead");
        await Assert.That(IsAbandoned()).IsTrue();
        await Assert.That(IsAbandoned(JobStatus.Succeeded)).IsFalse();
        hosts.Add(living.HostId);
        await Assert.That(IsAbandoned()).IsFalse();
    }

    [Test]
    public async Task A_run_that_nobody_took_up_yet_may_be_one_that_a_living_process_prepares()
    {
        await Assert.That(IsAbandoned(JobStatus.Preparing)).IsTrue();
        using var living = new ProcessLocks(folder, "living");
        await Assert.That(IsAbandoned(JobStatus.Preparing)).IsFalse();
    }

    [Test]
    public async Task To_ask_takes_nothing_away_from_the_process_that_is_asked_about()
    {
        using (var living = new ProcessLocks(folder, "living"))
        {
            hosts.Add(living.HostId);
            await Assert.That(IsAbandoned()).IsFalse();
            await Assert.That(File.Exists(Path.Combine(folder, living.HostId))).IsTrue();
        }

        // One that was killed leaves its file, and no lock.
        File.WriteAllText(Path.Combine(folder, hosts[0]), "");
        await Assert.That(IsAbandoned()).IsTrue();
        await Assert.That(File.Exists(Path.Combine(folder, hosts[0]))).IsTrue();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
