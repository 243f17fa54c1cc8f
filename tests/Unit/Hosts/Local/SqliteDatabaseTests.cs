using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Hosts.Local;

internal sealed class SqliteDatabaseTests
{
    private static readonly string Much = new('x', 1 << 20);

    [Test]
    public async Task A_full_disk_refuses_a_transaction_as_a_store_that_may_be_tried_again_and_the_next_one_works()
    {
        using var folder = new TempFolder();
        using var database = SqliteDatabase.Open(folder["state.db"]);
        var pages = database.Read(db => db.Query("PRAGMA page_count", row => row.GetInt32(0)))[0];
        database.Read(db => db.Query($"PRAGMA max_page_count={pages + 2}", row => row.GetInt32(0)));

        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Assert.That(() => Insert(database, "a", Much)).Throws<StoreUnavailableException>();
        }

        database.Read(db => db.Query("PRAGMA max_page_count=1000000", row => row.GetInt32(0)));
        Insert(database, "b", Much);
        await Assert.That(database.Read(db => db.Query("SELECT run_id FROM hosts", row => row.GetString(0)))).IsEquivalentTo(["b"]);
    }

    [Test]
    public async Task An_action_that_throws_leaves_nothing_and_keeps_its_own_fault()
    {
        using var folder = new TempFolder();
        using var database = SqliteDatabase.Open(folder["state.db"]);
        await Assert.That(() => database.Write<int>(db =>
        {
            db.Execute("INSERT INTO hosts (run_id, host_id) VALUES ('a', 'h')");
            throw new InvalidOperationException("this one");
        })).Throws<InvalidOperationException>();
        await Assert.That(database.Read(db => db.Query("SELECT run_id FROM hosts", row => row.GetString(0)))).IsEmpty();
    }

    [Test]
    public async Task A_state_file_of_an_earlier_version_is_read_and_taken_up()
    {
        using var folder = new TempFolder();
        var (run, order) = (Contract.Samples.NewRun(), new OrderNum(1));
        using (var database = SqliteDatabase.Open(folder["state.db"]))
        {
            var store = new SqliteRunStore(database);
            await store.AddOrdersAsync([Contract.Samples.Order(run, 1)], default);
            database.Write(db => db.Execute("ALTER TABLE orders DROP COLUMN terraform"));
            database.Write(db => db.Execute("PRAGMA user_version=1"));
            await Assert.That((await store.FindOrdersAsync(run, [order], default)).Count).IsEqualTo(1);
        }

        using var taken = SqliteDatabase.Open(folder["state.db"]);
        await Assert.That(taken.Read(db => db.Query("PRAGMA user_version", row => row.GetInt32(0)))).IsEquivalentTo([2]);
        await Assert.That((await new SqliteRunStore(taken).FindOrdersAsync(run, [order], default))[0].Terraform).IsNull();
        await Assert.That(taken.Read(db => db.Query("SELECT terraform FROM orders", row => row.IsDBNull(0)))).IsEquivalentTo([true]);
    }

    private static void Insert(SqliteDatabase database, string run, string host) =>
        database.Write(db => db.Execute("INSERT INTO hosts (run_id, host_id) VALUES ($run, $host)", ("$run", run), ("$host", host)));
}
