using System.Diagnostics;
using IacCi.Emulated;
using IacCi.Emulated.Processes;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
internal sealed class LifetimeTests
{
    [Test]
    [Arguments("KILL")]
    [Arguments("INT")]
    public async Task Nothing_outlives_the_host(string signal)
    {
        using var host = Start();
        while (await host.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("# POST", StringComparison.Ordinal))
        {
            await Assert.That(line).StartsWith("export ");
        }

        var children = ProcessTree.Descendants(host.Id);
        using var kill = Process.Start("kill", ["-" + signal, $"{host.Id}"]);
        await host.WaitForExitAsync();

        await Assert.That(children.Count).IsGreaterThanOrEqualTo(2); // moto and the reaper
        using var limit = new CancellationTokenSource(EmulatedAwsFixture.Soon);
        while (children.Any(EmulatedAwsFixture.IsRunning))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    [Test]
    public async Task A_Python_without_moto_is_told_how_to_get_it()
    {
        var python = Path.Combine(Directory.CreateTempSubdirectory().FullName, "python");
        await File.WriteAllTextAsync(python, "#!/bin/sh\nexec python3 -IS \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        await Assert.That(
            async () => await EmulatedAws.StartAsync(new EmulatedAwsOptions { Python = python, Binary = EmulatedAwsFixture.StandIn }))
            .Throws<InvalidOperationException>().WithMessageContaining("pip install 'moto[server]'");
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "Emulated"))
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("up");
        start.Environment["IAC_CI_BINARY"] = EmulatedAwsFixture.StandIn;
        var host = Process.Start(start)!;
        host.ErrorDataReceived += (_, _) => { };
        host.BeginErrorReadLine();
        return host;
    }
}
