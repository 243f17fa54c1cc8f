using System.CommandLine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Terminal;

namespace IacCi.Commands;

/// <summary>Where runs are read from: the state folder of this machine, or the tables and the bucket of a deployment on AWS.</summary>
internal sealed class RunSource : IDisposable
{
    private readonly IDisposable owned;

    private readonly Func<JobRecord, bool> isAbandoned;

    private RunSource(
        IRunStore store, IObjectStore objects, string place, string? liveLogs, Func<JobRecord, bool> isAbandoned, IDisposable owned)
    {
        (Store, Objects, Place, LiveLogs) = (store, objects, place, liveLogs);
        (this.isAbandoned, this.owned) = (isAbandoned, owned);
    }

    /// <summary>The records.</summary>
    public IRunStore Store { get; }

    /// <summary>The objects.</summary>
    public IObjectStore Objects { get; }

    /// <summary>Where the runs are, for messages: the state folder, or the table and its region.</summary>
    public string Place { get; }

    /// <summary>Where live logs stand; null where there are none.</summary>
    public string? LiveLogs { get; }

    /// <summary>Whether the runs are on this machine.</summary>
    public bool IsLocal => LiveLogs is not null;

    /// <summary>How a run is followed.</summary>
    public FollowOptions Follow => new(LiveLogs, isAbandoned, ClosedOutput.IsClosed);

    /// <summary>Whether nobody works on a run that is not over. (On AWS somebody always looks again.)</summary>
    public bool IsAbandoned(JobRecord job) => isAbandoned(job);

    /// <summary>What is said of a run that nobody works on; null for others.</summary>
    /// <param name="job">The run.</param>
    /// <param name="options">What the command needs beside the run.</param>
    public string? Abandoned(JobRecord job, string options) => isAbandoned(job)
        ? $"nobody works on this run: the process that did has ended; to go on: iac-ci run --resume {job.RunId}{options}"
        : null;

    /// <summary>What is said where no run is, at home and on AWS.</summary>
    public static string NoRuns(string place) => StateFolder.NoRuns(place);

    /// <summary>Opens AWS when IAC_CI_ORDERS_TABLE is set and no state folder is named; else the state folder.</summary>
    /// <exception cref="Core.Text.UserException">There is none, or a variable is missing.</exception>
    public static RunSource Open(ParseResult parsed, Option<string> state)
    {
        var isNamed = parsed.GetResult(state) is { Implicit: false };
        return !isNamed && Environment.GetEnvironmentVariable(AwsSettings.OrdersTableVariable) is { Length: > 0 }
            ? OpenAws()
            : Open(new StateFolder(parsed.GetValue(state)!));
    }

    private static RunSource Open(StateFolder state)
    {
        state.Require(line => Console.Error.WriteLine($"iac-ci: {line}"));
        var database = SqliteDatabase.OpenToRead(state.Database);
        var store = new SqliteRunStore(database);
        var hosts = new RunHosts(store.HostsOf, state.Hosts);
        return new RunSource(store, new FolderObjectStore(state.Internal, _ => { }), state.Path, state.Logs, hosts.IsAbandoned, database);
    }

    private static RunSource OpenAws()
    {
        var host = RoleHost.Host(RoleHost.Process("status"));
        return new RunSource(host.Store, host.Objects, host.Place, null, _ => false, host);
    }

    /// <inheritdoc/>
    public void Dispose() => owned.Dispose();
}
