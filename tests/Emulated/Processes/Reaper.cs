using System.Diagnostics;

namespace IacCi.Emulated.Processes;

/// <summary>A child that ends our other children when we die without having ended them.</summary>
internal sealed class Reaper : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Process _process;

    public Reaper(string python)
    {
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true };
        start.ArgumentList.Add(python);
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "python", "reaper.py"));
        _process = Process.Start(start) ?? throw new InvalidOperationException("the reaper did not start");
    }

    public void Watch(int group) => Tell($"+{group}");

    public void Forget(int group) => Tell($"-{group}");

    public void Dispose()
    {
        lock (_gate)
        {
            _process.StandardInput.Close();
        }

        _process.WaitForExit(TimeSpan.FromSeconds(5));
        _process.Dispose();
    }

    private void Tell(string line)
    {
        lock (_gate)
        {
            if (_process.StandardInput.BaseStream.CanWrite)
            {
                _process.StandardInput.WriteLine(line);
                _process.StandardInput.Flush();
            }
        }
    }
}
