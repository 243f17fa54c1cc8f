using System.Runtime.InteropServices;
using IacCi.Core.Faults;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace IacCi.Core.Local;

/// <summary>What a transaction survives when it has returned.</summary>
public enum Durability
{
    /// <summary>The death of every process. A machine that loses power may forget it, until a later one is on the disk.</summary>
    Process,

    /// <summary>Loss of power too.</summary>
    Machine,
}

/// <summary>
/// The state file: one connection, one transaction at a time. Every transaction survives the death of the process (WAL with
/// <c>synchronous=NORMAL</c>, https://www.sqlite.org/pragma.html#pragma_synchronous); one that is <see cref="Durability.Machine"/> is on the
/// disk, with all before it, when its caller goes on, because the log is flushed then. Other processes may use the file at the same time.
/// </summary>
public sealed partial class SqliteDatabase : IDisposable
{
    /// <summary>How long a transaction waits for another process's, in milliseconds.</summary>
    public const int BusyTimeoutMs = 30_000;

    /// <summary>How many pages of 4 KiB the log holds before they are taken over into the database: most of them are written again and again.</summary>
    private const int CheckpointPages = 10_000;

    private const int SchemaVersion = 1;

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
          failure_reason TEXT, exit_code INTEGER, started_at INTEGER, finished_at INTEGER, log_tail TEXT,
          PRIMARY KEY (run_id, num)) WITHOUT ROWID;
        CREATE TABLE events (
          trace_id TEXT NOT NULL, order_name TEXT NOT NULL, epoch TEXT NOT NULL, event_type TEXT NOT NULL, status TEXT,
          flow_id TEXT NOT NULL, run_id TEXT NOT NULL, data TEXT,
          PRIMARY KEY (trace_id, order_name, epoch)) WITHOUT ROWID;
        CREATE TABLE locks (
          run_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, flow_id TEXT NOT NULL, owner TEXT, lease_until INTEGER, acquired_at INTEGER,
          states TEXT NOT NULL, ending TEXT, report_due_at INTEGER, deadline INTEGER NOT NULL, completed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        CREATE TABLE hosts (run_id TEXT NOT NULL, host_id TEXT NOT NULL, PRIMARY KEY (run_id, host_id)) WITHOUT ROWID;
        CREATE TABLE inbox (run_id TEXT NOT NULL, num INTEGER NOT NULL, PRIMARY KEY (run_id, num)) WITHOUT ROWID;
        """;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> prepared = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private SafeFileHandle? log;

    static SqliteDatabase() => SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_sqlite3());

    private SqliteDatabase(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens the state file, and makes it if there is none.</summary>
    /// <exception cref="UserException">It cannot be opened, or another version of the program wrote it.</exception>
    public static SqliteDatabase Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = BusyTimeoutMs / 1_000 }.ToString());
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
            throw new UserException($"{path}: {wrong.Message}; give another folder with --state-dir, or remove this one", ExitCode.Invalid, wrong);
        }
    }

    /// <summary>Runs reads and writes as one transaction; when the action throws, nothing is written.</summary>
    public T Write<T>(Func<SqliteDatabase, T> action, Durability durability = Durability.Machine)
    {
        var result = Transact(action);
        if (durability == Durability.Machine && FlushData(log!) != 0)
        {
            throw new StoreUnavailableException($"the state file could not be flushed to the disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return result;
    }

    private T Transact<T>(Func<SqliteDatabase, T> action)
    {
        lock (gate)
        {
            Execute("BEGIN IMMEDIATE");
            try
            {
                var result = action(this);
                Execute("COMMIT");
                return result;
            }
            catch
            {
                Execute("ROLLBACK");
                throw;
            }
        }
    }

    /// <summary>Runs reads that see one state.</summary>
    public T Read<T>(Func<SqliteDatabase, T> action)
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
                Execute("COMMIT");
            }
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

    private void Prepare(string path)
    {
        Execute($"PRAGMA busy_timeout={BusyTimeoutMs}");
        Query("PRAGMA journal_mode=WAL", _ => 0);
        Execute("PRAGMA synchronous=NORMAL");
        Query($"PRAGMA wal_autocheckpoint={CheckpointPages}", _ => 0);
        Transact(db =>
        {
            var version = db.Query("PRAGMA user_version", row => row.GetInt32(0))[0];
            if (version == 0)
            {
                db.Execute(Schema);
                db.Execute($"PRAGMA user_version={SchemaVersion}");
            }
            else if (version != SchemaVersion)
            {
                throw new UserException($"{path} was written by another version of iac-ci; give another folder with --state-dir, or remove this one");
            }

            return 0;
        });

        // It stays the same file as long as somebody has the database open (https://www.sqlite.org/walformat.html, section 1.1).
        log = File.OpenHandle(path + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FlushData(SafeFileHandle file);

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

        foreach (var (name, value) in values)
        {
            command.Parameters[name].Value = value ?? DBNull.Value;
        }

        return command;
    }
}
