using System.Runtime.InteropServices;
using IacCi.Core.Linux;
using IacCi.Core.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Hosts.Local;

/// <summary>What a transaction survives when it has returned.</summary>
internal enum Durability
{
    /// <summary>
    /// The death of every process. A machine that loses power may forget it, until <see cref="SqliteDatabase.Flush"/> or a later one is on
    /// the disk.
    /// </summary>
    Process,

    /// <summary>Loss of power too.</summary>
    Machine,
}

/// <summary>Everything that a process had written to the state file at some moment.</summary>
/// <param name="Transactions">How many transactions that was.</param>
internal readonly record struct WrittenMark(long Transactions);

/// <summary>
/// The state file: one connection, one transaction at a time. Every transaction survives the death of the process (WAL with
/// <c>synchronous=NORMAL</c>, https://www.sqlite.org/pragma.html#pragma_synchronous); one that is <see cref="Durability.Machine"/> is on
/// the disk, with all before it, when its caller goes on, because the log is flushed then. Whoever has an effect outside in mind that
/// follows from others flushes up to the mark of that moment first. Other processes may use the file at the same time.
/// </summary>
internal sealed partial class SqliteDatabase : IDisposable
{
    /// <summary>How long a transaction waits for another process's, in milliseconds.</summary>
    public const int BusyTimeoutMs = 30_000;

    private const int SchemaVersion = 2;

    /// <summary>A state file of this version lacks <c>orders.terraform</c> and nothing else; it is given that when it is opened.</summary>
    private const int VersionWithoutTerraform = 1;

    private const string Schema = """
        CREATE TABLE jobs (
          run_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, flow_id TEXT NOT NULL, status TEXT NOT NULL, outcome TEXT,
          order_count INTEGER NOT NULL, payload_digest TEXT NOT NULL, created_at INTEGER NOT NULL, last_update INTEGER NOT NULL,
          deadline INTEGER NOT NULL, finished_at INTEGER, failure_reason TEXT, comment_id TEXT, title TEXT) WITHOUT ROWID;
        CREATE INDEX jobs_by_age ON jobs (created_at);
        CREATE TABLE orders (
          run_id TEXT NOT NULL, num INTEGER NOT NULL, trace_id TEXT NOT NULL, flow_id TEXT NOT NULL, status TEXT NOT NULL,
          order_name TEXT NOT NULL, queue_id TEXT, cmds TEXT NOT NULL, bundle_location TEXT NOT NULL, callback_key TEXT NOT NULL,
          execution_target TEXT NOT NULL, git TEXT, dependencies TEXT NOT NULL, must_succeed INTEGER NOT NULL, timeout INTEGER NOT NULL,
          created_at INTEGER NOT NULL, last_update INTEGER NOT NULL, expires_at INTEGER NOT NULL, execution_url TEXT, watchdog_url TEXT,
          failure_reason TEXT, exit_code INTEGER, started_at INTEGER, finished_at INTEGER, log_tail TEXT, terraform TEXT,
          PRIMARY KEY (run_id, num)) WITHOUT ROWID;
        CREATE TABLE events (
          trace_id TEXT NOT NULL, order_name TEXT NOT NULL, epoch TEXT NOT NULL, event_type TEXT NOT NULL, status TEXT,
          flow_id TEXT NOT NULL, run_id TEXT NOT NULL, data TEXT,
          PRIMARY KEY (trace_id, order_name, epoch)) WITHOUT ROWID;
        CREATE TABLE locks (
          run_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, flow_id TEXT NOT NULL, owner TEXT, lease_until INTEGER, acquired_at INTEGER,
          states TEXT NOT NULL, ending TEXT, report_due_at INTEGER, deadline INTEGER NOT NULL, completed INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE hosts (run_id TEXT NOT NULL, host_id TEXT NOT NULL, PRIMARY KEY (run_id, host_id)) WITHOUT ROWID;
        CREATE TABLE inbox (run_id TEXT NOT NULL, num INTEGER NOT NULL, PRIMARY KEY (run_id, num)) WITHOUT ROWID;
        """;

    /// <summary>Result codes (https://sqlite.org/rescode.html).</summary>
    private const int NotPermitted = 3, ReadOnly = 8, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> prepared = new(StringComparer.Ordinal);
    private readonly Lock gate = new(), flushGate = new();
    private SafeFileHandle? log;
    private long written, flushed;
    private string? refusal;

    static SqliteDatabase() => SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_sqlite3());

    private SqliteDatabase(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens the state file, and makes it if there is none.</summary>
    /// <exception cref="UserException">It cannot be opened, or another version of the program wrote it.</exception>
    public static SqliteDatabase Open(string path)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusyTimeoutMs / 1_000 }.ToString());
        try
        {
            connection.Open();
            var database = new SqliteDatabase(connection);
            database.Prepare(path);
            return database;
        }
        catch (SqliteException wrong)
        {
            connection.Dispose();
            throw Refused(path, wrong);
        }
    }

    /// <summary>Runs reads and writes as one transaction.</summary>
    /// <param name="action">What is done; when it throws, nothing is written.</param>
    /// <param name="durability">What the writes have survived on return.</param>
    /// <param name="isRefusal">Whether a result means that nothing is to be written after all.</param>
    public T Write<T>(Func<SqliteDatabase, T> action, Durability durability = Durability.Machine, Func<T, bool>? isRefusal = null)
    {
        var result = Reached(() => Transact(action, isRefusal));
        if (durability == Durability.Machine)
        {
            Flush(Written);
        }

        return result;
    }

    /// <summary>Everything that has been written by now.</summary>
    public WrittenMark Written => new(Volatile.Read(ref written));

    /// <summary>Returns when everything up to the mark is on the disk.</summary>
    /// <exception cref="StoreUnavailableException">The disk refuses, or has refused before.</exception>
    public void Flush(WrittenMark mark)
    {
        if (!IsFlushed(mark))
        {
            lock (flushGate)
            {
                FlushHere(mark);
            }
        }
    }

    private bool IsFlushed(WrittenMark mark) => Volatile.Read(ref flushed) >= mark.Transactions;

    private void FlushHere(WrittenMark mark)
    {
        if (IsFlushed(mark))
        {
            return;
        }

        var all = Written;
        if (refusal is null && Posix.FlushData(log!) != 0)
        {
            // The kernel tells of a failure once (fsync(2), ERRORS): what is on the disk is not known from now on.
            refusal = Marshal.GetLastPInvokeErrorMessage();
        }

        if (refusal is not null)
        {
            throw new StoreUnavailableException($"the state file could not be flushed to the disk: {refusal}");
        }

        Volatile.Write(ref flushed, all.Transactions);
    }

    private T Transact<T>(Func<SqliteDatabase, T> action, Func<T, bool>? isRefusal = null)
    {
        lock (gate)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                var result = action(this);
                if (isRefusal?.Invoke(result) == true)
                {
                    RollBack();
                    return result;
                }

                Execute("COMMIT");
                Volatile.Write(ref written, written + 1);
                return result;
            }
            catch
            {
                RollBack();
                throw;
            }
        }
    }

    /// <summary>
    /// A full disk rolls some transactions back by itself, and leaves others open (https://www.sqlite.org/lang_transaction.html, section
    /// 3).
    /// </summary>
    private void RollBack()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0)
        {
            Execute("ROLLBACK");
        }
    }

    /// <summary>Runs reads that see one state.</summary>
    public T Read<T>(Func<SqliteDatabase, T> action) => Reached(() => ReadHere(action));

    private T ReadHere<T>(Func<SqliteDatabase, T> action)
    {
        lock (gate)
        {
            Execute("BEGIN");
            try
            {
                return action(this);
            }
            finally
            {
                RollBack();
            }
        }
    }

    /// <summary>What the file or its disk refuses may be tried again.</summary>
    private static T Reached<T>(Func<T> access)
    {
        try
        {
            return access();
        }
        catch (SqliteException refused)
        {
            throw new StoreUnavailableException($"the state file: {refused.Message}", refused);
        }
    }

    /// <summary>Runs a statement; inside an action only.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>Runs a query; inside an action only.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> row, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var reader = Bind(sql, values).ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var command in prepared.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
        log?.Dispose();
    }

    /// <summary>
    /// Opens the state file to read it. Where nothing may be written (a folder of somebody else, a file system for reading), it is read as
    /// it stands (https://sqlite.org/uri.html#uriimmutable), if nobody has left changes beside it.
    /// </summary>
    /// <exception cref="UserException">It cannot be read, or another version of the program wrote it.</exception>
    public static SqliteDatabase OpenToRead(string path)
    {
        try
        {
            return Open(path);
        }
        catch (UserException refused)
            when (refused.InnerException is SqliteException { SqliteErrorCode: CannotOpen or ReadOnly } && !HasChanges(path))
        {
            var source = $"file:{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}?immutable=1";
            var builder = new SqliteConnectionStringBuilder { DataSource = source, Pooling = false, Mode = SqliteOpenMode.ReadOnly };
            var connection = new SqliteConnection(builder.ToString());
            try
            {
                connection.Open();
                var database = new SqliteDatabase(connection);
                return database.Query("PRAGMA user_version", row => row.GetInt32(0))[0] is SchemaVersion or VersionWithoutTerraform
                    ? database
                    : throw OfAnotherVersion(path);
            }
            catch (SqliteException wrong)
            {
                connection.Dispose();
                throw Refused(path, wrong);
            }
        }
    }

    private static bool HasChanges(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    /// <summary>What cannot be opened may be somebody's only record of what ran: no message advises to remove it.</summary>
    private static UserException Refused(string path, SqliteException wrong)
    {
        var why = wrong.SqliteErrorCode switch
        {
            CannotOpen or ReadOnly or NotPermitted =>
                "cannot be opened: look whether this user may write in the folder, and whether its disk is for reading only",
            Full => "cannot be written: the disk is full; make room",
            Corrupt or NotADatabase => "is damaged, or no state file of iac-ci; keep it aside if its runs matter",
            _ => $"cannot be used: {wrong.Message}",
        };
        return new UserException($"{path} {why}; --state-dir names another folder", ExitCode.Invalid, wrong);
    }

    private static UserException OfAnotherVersion(string path) =>
        new($"{path} was written by another version of iac-ci; read it with that one, or name another folder with --state-dir");

    private void Prepare(string path)
    {
        Execute($"PRAGMA busy_timeout={BusyTimeoutMs}");
        Query("PRAGMA journal_mode=WAL", _ => 0);
        Execute("PRAGMA synchronous=NORMAL");
        Transact(db =>
        {
            var version = db.Query("PRAGMA user_version", row => row.GetInt32(0))[0];
            if (version == 0)
            {
                db.Execute(Schema);
                db.Execute($"PRAGMA user_version={SchemaVersion}");
            }
            else if (version == VersionWithoutTerraform)
            {
                db.Execute("ALTER TABLE orders ADD COLUMN terraform TEXT");
                db.Execute($"PRAGMA user_version={SchemaVersion}");
            }
            else if (version != SchemaVersion)
            {
                throw OfAnotherVersion(path);
            }

            // Later than the first version; programs that do not know it leave it alone.
            db.Execute("CREATE TABLE IF NOT EXISTS removals (run_id TEXT PRIMARY KEY) WITHOUT ROWID");
            return 0;
        });

        // It stays the same file as long as somebody has the database open (https://www.sqlite.org/walformat.html, section 1.1).
        log = File.OpenHandle(path + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Each text names its values in one order, always.</summary>
    private SqliteCommand Bind(string sql, ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, _) in values)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            }

            prepared.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i].Value ?? DBNull.Value;
        }

        return command;
    }
}
