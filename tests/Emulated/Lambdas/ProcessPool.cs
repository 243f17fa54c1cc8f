using System.Globalization;
using IacCi.Emulated.Processes;
using Microsoft.AspNetCore.Http;

namespace IacCi.Emulated.Lambdas;

/// <summary>All Lambda processes: taken warm when there is one, started when there is room, ended when their function changed.</summary>
internal sealed class ProcessPool(EmulatedAwsOptions options, Reaper reaper, Principals principals, Func<string> endpoint, string folder)
{
    private readonly Lock _gate = new();
    private readonly List<FunctionProcess> _idle = [];
    private readonly FunctionProcess?[] _slots = new FunctionProcess?[options.MaxEnvironments];
    private readonly Ticker _freed = new();
    private int[] _ports = [];
    private int _count;
    private bool _closed;

    /// <summary>The ports of the runtime API, one for each process that there may be.</summary>
    public void ListenOn(IReadOnlyList<int> ports) => _ports = [.. ports];

    public Task HandleAsync(HttpContext context)
    {
        var process = Volatile.Read(ref _slots[Array.IndexOf(_ports, context.Connection.LocalPort)]);
        if (process is not null)
        {
            return process.HandleAsync(context);
        }

        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    public IReadOnlyList<int> Processes(string function)
    {
        lock (_gate)
        {
            return [.. _slots.OfType<FunctionProcess>().Where(p => p.Function.Name == function && !p.HasExited).Select(p => p.ProcessId)];
        }
    }

    public int Idle(string function)
    {
        lock (_gate)
        {
            return _idle.Count(p => p.Function.Name == function && !p.HasExited);
        }
    }

    public void Kill(string function)
    {
        lock (_gate)
        {
            foreach (var process in _slots.OfType<FunctionProcess>().Where(p => Pattern.Fits(function, p.Function.Name)))
            {
                process.Kill();
            }
        }
    }

    /// <summary>Ends all, and starts none any more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }

        Kill("*");
    }

    /// <summary>A process that has the invocation; null when there is no room and it may not wait.</summary>
    public async Task<(FunctionProcess? Process, bool Cold)> TakeAsync(
        FunctionConfig config, Pending pending, bool mayWait, Action<string> line)
    {
        while (true)
        {
            var freed = _freed.Next;
            var (process, cold, soon) = Take(config, pending);
            if (process is null && (mayWait || soon) && !_closed)
            {
                await freed;
                continue;
            }

            if (process is not null && cold)
            {
                _ = RunAsync(process, pending, line);
            }

            return (process, cold);
        }
    }

    /// <returns>Without a process: whether there will be room at once, because another function's idle process makes it.</returns>
    private (FunctionProcess? Process, bool Cold, bool Soon) Take(FunctionConfig config, Pending pending)
    {
        lock (_gate)
        {
            foreach (var old in _idle.Where(p => p.Function.Name == config.Name && p.Function.Revision != config.Revision).ToList())
            {
                _idle.Remove(old);
                old.Kill();
            }

            _idle.RemoveAll(p => p.HasExited);
            var process = _idle.LastOrDefault(p => p.Function.Name == config.Name);
            if (process is not null)
            {
                _idle.Remove(process);
                process.Give(pending);
                return (process, false, false);
            }

            var slot = _closed ? -1 : Array.IndexOf(_slots, null);
            if (slot < 0)
            {
                return (null, false, MakeRoom());
            }

            process = new FunctionProcess(config, slot, options.Time, Idle);
            process.Give(pending);
            _slots[slot] = process;
            return (process, true, false);
        }
    }

    /// <summary>The process that was idle longest makes room for another function's.</summary>
    private bool MakeRoom()
    {
        if (_idle.Count == 0)
        {
            return false;
        }

        _idle[0].Kill();
        _idle.RemoveAt(0);
        return true;
    }

    private void Idle(FunctionProcess process)
    {
        lock (_gate)
        {
            _idle.Add(process);
        }

        _freed.Beat();
    }

    private async Task RunAsync(FunctionProcess process, Pending pending, Action<string> line)
    {
        var owner = new ProcessOwner { Kill = process.Kill, ProcessId = () => process.ProcessId };
        var work = Path.Combine(folder, $"lambda-{Interlocked.Increment(ref _count)}");
        Directory.CreateDirectory(work);
        try
        {
            var variables = Variables(process, owner, work);
            await process.Start(
                output =>
                    new ProcessGroup(
                        reaper, options.Binary ?? throw new InvalidOperationException("no executable is given: set IAC_CI_BINARY"),
                        ArgumentsOf(process.Function, work), variables, work, output),
                    line);
        }
        catch (Exception failure) when (failure is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            line(failure.Message);
            pending.Fail("Runtime.InvalidEntrypoint", failure.Message);
        }
        finally
        {
            principals.Retire(owner);
            lock (_gate)
            {
                _idle.Remove(process);
                _slots[process.Slot] = null;
            }

            _freed.Beat();
            Folders.Delete(work);
        }
    }

    /// <summary>The <c>/tmp</c> of a function is its own, and nobody else's files are to be found there.</summary>
    private static IReadOnlyList<string> ArgumentsOf(FunctionConfig function, string work) =>
        [.. function.Arguments.Select(a => a == "/tmp" ? work : a)];

    /// <summary>https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html</summary>
    private Dictionary<string, string> Variables(FunctionProcess process, ProcessOwner owner, string work)
    {
        var function = process.Function;
        var variables = new Dictionary<string, string>(function.Variables)
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin:/opt/bin",
            ["LANG"] = "en_US.UTF-8",
            ["TZ"] = ":UTC",
            ["TMPDIR"] = work,
            ["HOME"] = work,
            ["LAMBDA_TASK_ROOT"] = work,
            ["LAMBDA_RUNTIME_DIR"] = work,
            ["_HANDLER"] = string.Join(' ', function.Arguments),
            ["AWS_LAMBDA_RUNTIME_API"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_ports[process.Slot]}"),
            ["AWS_LAMBDA_FUNCTION_NAME"] = function.Name,
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = function.MemoryMb.ToString(CultureInfo.InvariantCulture),
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/{function.Name}",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = $"{process.StartedAt:yyyy/MM/dd}/[$LATEST]{process.Slot:x32}",
            ["AWS_EXECUTION_ENV"] = "AWS_Lambda_Image",
            ["AWS_REGION"] = options.Region,
            ["AWS_DEFAULT_REGION"] = options.Region,
            ["AWS_ENDPOINT_URL"] = endpoint(),
        };
        foreach (var (name, value) in principals.Issue(function.Name, owner, function.Role))
        {
            variables[name] = value;
        }

        return variables;
    }
}
