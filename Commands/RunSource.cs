using IacCi.Core.Local;
using IacCi.Core.Objects;
using IacCi.Core.Runs;

namespace IacCi.Commands;

/// <summary>Where runs are read from: the state folder of this machine.</summary>
internal sealed class RunSource : IDisposable
{
    private readonly IDisposable owned;

    private RunSource(IRunStore store, IObjectStore objects, IDisposable owned) => (Store, Objects, this.owned) = (store, objects, owned);

    /// <summary>The records.</summary>
    public IRunStore Store { get; }

    /// <summary>The objects.</summary>
    public IObjectStore Objects { get; }

    /// <summary>Opens the state folder.</summary>
    /// <exception cref="Core.Faults.UserException">There is none.</exception>
    public static RunSource Open(StateFolder state)
    {
        state.Require();
        var database = SqliteDatabase.Open(state.Database);
        return new RunSource(new SqliteRunStore(database), new FolderObjectStore(state.Internal, _ => { }), database);
    }

    /// <inheritdoc/>
    public void Dispose() => owned.Dispose();
}
