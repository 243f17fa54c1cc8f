using IacCi.Core.Hosts.Aws.Roles;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>Where the commands of an order live.</summary>
internal sealed class WorkerEnvironmentTests
{
    [Test]
    public async Task In_a_build_HOME_and_TMPDIR_are_folders_of_the_order_and_go_with_it()
    {
        var site = WorkerEnvironment.Build(name => name switch { "HOME" => "/root", "PATH" => "/bin", _ => null });
        var environment = site.SetUp();
        foreach (var folder in new[] { environment["HOME"], environment["TMPDIR"] })
        {
            await File.WriteAllTextAsync(Path.Join(folder, "left"), "x");
            await Assert.That(folder).StartsWith(site.Root + "/");
            await Assert.That(File.GetUnixFileMode(folder))
                .IsEqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await Assert.That(environment["PATH"]).IsEqualTo("/bin");
        await Assert.That(site.Clear()).IsTrue();
        await Assert.That(Directory.Exists(site.Root)).IsFalse();
    }
}
