using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;

namespace IacCi.Tests.Contract;

/// <summary>The state file keeps what every run store promises.</summary>
[InheritsTests]
internal sealed class SqliteRunStoreTests : RunStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("iac-ci-contract-").FullName;
    private SqliteDatabase? database;

    protected override ValueTask<IRunStore> CreateStoreAsync()
    {
        database = SqliteDatabase.Open(Path.Join(folder, "state.db"));
        return new(new SqliteRunStore(database));
    }

    public void Dispose()
    {
        database?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>The folder of objects keeps what every object store promises.</summary>
[InheritsTests]
internal sealed class FolderObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("iac-ci-contract-").FullName;

    protected override ValueTask<IObjectStore> CreateStoreAsync() => new(new FolderObjectStore(folder, _ => { }));

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
