using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

/// <summary>A run that is over, as far as its removal is concerned.</summary>
/// <param name="Run">Which.</param>
/// <param name="Status">How it ended.</param>
/// <param name="FinishedAt">When.</param>
/// <param name="Title">Its title, if it has one.</param>
internal readonly record struct FinishedRun(RunId Run, JobStatus Status, DateTimeOffset FinishedAt, string? Title);

/// <summary>
/// Takes the records of runs out of the state file: all of a run's in one transaction, which also notes that its files are still to be
/// removed. So a run is there as a whole or not at all, and whoever comes after a crash finds what is left to do.
/// </summary>
/// <param name="database">The state file.</param>
internal sealed class RunRemovals(SqliteDatabase database)
{
    private static readonly string FinalWords = string.Join(
        ", ", Enum.GetValues<JobStatus>().Where(status => status.IsFinal()).Select(status => $"'{status.Word()}'"));

    private static readonly string[] Tables = ["orders", "locks", "hosts", "inbox", "jobs"];

    /// <summary>Runs that had ended by some moment, oldest first.</summary>
    /// <param name="until">The moment.</param>
    /// <param name="keep">How many of the newest runs that are over are left out.</param>
    public IReadOnlyList<FinishedRun> Find(DateTimeOffset until, int keep) => database.Read(db => db.Query(
        $"""
        SELECT run_id, status, ended, title FROM
          (SELECT run_id, status, coalesce(finished_at, last_update) AS ended, title FROM jobs WHERE status IN ({FinalWords}) ORDER BY ended DESC, run_id LIMIT -1 OFFSET $keep)
        WHERE ended <= $until ORDER BY ended, run_id
        """,
        row => new FinishedRun(
            RunId.Parse(row.GetString(0)), SqliteRows.JobStatusOf(row.GetString(1)), SqliteRows.TimeOf(row.GetInt64(2)),
            row.IsDBNull(3) ? null : row.GetString(3)),
        ("$keep", keep), ("$until", SqliteRows.Time(until))));

    /// <summary>How many runs there are.</summary>
    public int Count() => database.Read(db => db.Query("SELECT count(*) FROM jobs", row => row.GetInt32(0))[0]);

    /// <summary>Whether there is such a run.</summary>
    public bool Contains(RunId run) =>
        database.Read(db => db.Query("SELECT 1 FROM jobs WHERE run_id = $run", _ => true, ("$run", run.Value))).Count > 0;

    /// <summary>Whether the run's last pass has completed, or there was none.</summary>
    public bool IsCompleted(RunId run) =>
        database.Read(db => db.Query(
            "SELECT completed FROM locks WHERE run_id = $run", row => row.GetInt32(0) != 0, ("$run", run.Value))) is not [false];

    /// <summary>Takes the records of a run away, and notes that its files follow.</summary>
    /// <returns>False when the run is not over, or not there.</returns>
    public bool Begin(RunId run) => database.Write(db =>
    {
        if (db.Query($"SELECT trace_id FROM jobs WHERE run_id = $run AND status IN ({FinalWords})", row => row.GetString(0),
            ("$run", run.Value)) is not [var trace])
        {
            return false;
        }

        db.Execute("DELETE FROM events WHERE trace_id = $trace AND run_id = $run", ("$trace", trace), ("$run", run.Value));
        foreach (var table in Tables)
        {
            db.Execute($"DELETE FROM {table} WHERE run_id = $run", ("$run", run.Value));
        }

        db.Execute("INSERT OR IGNORE INTO removals (run_id) VALUES ($run)", ("$run", run.Value));
        return true;
    }, Durability.Process, removed => !removed);

    /// <summary>Returns when what was begun survives a loss of power: files go only then.</summary>
    public void Flush() => database.Flush(database.Written);

    /// <summary>The runs whose files are still to be removed.</summary>
    public IReadOnlyList<RunId> Begun() =>
        database.Read(db => db.Query("SELECT run_id FROM removals ORDER BY run_id", row => RunId.Parse(row.GetString(0))));

    /// <summary>The files of a run are gone.</summary>
    public void End(RunId run) =>
        database.Write(db => db.Execute("DELETE FROM removals WHERE run_id = $run", ("$run", run.Value)), Durability.Process);

    /// <summary>Whether a run's files are still to be removed: until then no other run may have its id.</summary>
    internal static bool IsBegun(SqliteDatabase db, RunId run) =>
        db.Query("SELECT 1 FROM removals WHERE run_id = $run", _ => true, ("$run", run.Value)).Count > 0;
}
