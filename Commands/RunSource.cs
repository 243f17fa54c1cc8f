using System.CommandLine;
using IacCi.Core.Aws;
using IacCi.Core.Local;
using IacCi.Core.Objects;
using IacCi.Core.Runs;

namespace IacCi.Commands;

/// <summary>Where runs are read from: the state folder of this machine, or the tables and the bucket of a deployment on AWS.</summary>
internal sealed class RunSource : IDisposable
{
    private readonly IDisposable owned;

    private RunSource(IRunStore store, IObjectStore objects, string place, string? liveLogs, IDisposable owned) =>
        (Store, Objects, Place, LiveLogs, this.owned) = (store, objects, place, liveLogs, owned);

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

    /// <summary>What is said where no run is, at home and on AWS.</summary>
    public static string NoRuns(string place) => StateFolder.NoRuns(place);

    /// <summary>Opens AWS when IAC_CI_ORDERS_TABLE is set and no state folder is named; else the state folder.</summary>
    /// <exception cref="Core.Faults.UserException">There is none, or a variable is missing.</exception>
    public static RunSource Open(ParseResult parsed, Option<string> state)
    {
        var isNamed = parsed.GetResult(state) is { Implicit: false };
        return !isNamed && Environment.GetEnvironmentVariable(AwsSettings.OrdersTableVariable) is { Length: > 0 }
            ? OpenAws()
            : Open(new StateFolder(parsed.GetValue(state)!));
    }

    private static RunSource Open(StateFolder state)
    {
        state.Require();
        var database = SqliteDatabase.Open(state.Database);
        return new RunSource(new SqliteRunStore(database), new FolderObjectStore(state.Internal, _ => { }), state.Path, state.Logs, database);
    }

    private static RunSource OpenAws()
    {
        var host = RoleOptions.Host(RoleOptions.Process("status"));
        return new RunSource(host.Store, host.Objects, host.Place, null, host);
    }

    /// <inheritdoc/>
    public void Dispose() => owned.Dispose();
}
