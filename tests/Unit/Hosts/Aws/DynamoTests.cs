using Amazon.DynamoDBv2.Model;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Emulated.Faults;
using IacCi.Tests.Contract;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>
/// What the run store on DynamoDB promises beside the contract of every run store: calls, attributes, lost answers, messages.
/// </summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class DynamoTests(EmulatedStores aws)
{
    private static CancellationToken None => CancellationToken.None;

    [Test]
    public async Task Each_step_of_a_run_is_one_call()
    {
        var tables = await aws.NewTablesAsync();
        await using var server = await RecordingProxy.StartAsync(aws.Aws.Endpoint);
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL", server.Url));
        var store = aws.Store(tables, clients);
        var run = NewRun();
        var plan = Plan(run);
        await store.CreateJobAsync(Job(run), None);
        await store.AddOrdersAsync([Order(run, 1), Order(run, 2), Order(run, 3)], None);
        await store.ActivateAsync(Lock(run), T0, None);
        await store.TryAcquireLeaseAsync(run, Nums(0, 1), "a", T0, T0.AddMinutes(1), None);
        await store.AdvanceAsync(
            plan, [Change(1, OrderAction.Dispatch), Change(2, OrderAction.Dispatch), Change(3, OrderAction.Skip)], None);
        await store.AdvanceAsync(plan, [Change(1, OrderAction.Dispatch)], None);
        await store.CommitAsync(run, "a", new RunCheckpoint("ddf"), [], AfterCommit.Keep, None);
        await store.CommitAsync(run, "a", new RunCheckpoint("ddf"), Nums(0, 1, 2, 3), AfterCommit.ReleaseIfInboxEmpty, None);
        await store.AddToInboxAsync(run, Nums(2), None);
        await store.FindOrdersAsync(run, Nums(1, 2, 3), None);
        await store.CompleteAsync(run, new RunCheckpoint("ddf"), None);
        await Assert.That(string.Join(' ', server.Targets)).IsEqualTo(
            "PutItem TransactWriteItems TransactWriteItems UpdateItem TransactWriteItems TransactWriteItems UpdateItem UpdateItem " +
                "UpdateItem BatchGetItem UpdateItem");
    }

    [Test]
    public async Task Attributes_have_the_names_and_types_of_the_contract()
    {
        var tables = await aws.NewTablesAsync();
        var store = aws.Store(tables);
        var run = NewRun();
        await store.CreateJobAsync(Job(run), None);
        await store.AddOrdersAsync([Order(run, 2)], None);
        await store.ActivateAsync(Lock(run), T0, None);
        await store.AdvanceAsync(
            Plan(run), [Change(2, OrderAction.Skip) with { CustomEvents = ["""{"n":1.5,"deep":{"list":[true,null,""]}}"""] }], None);
        await store.TryAcquireLeaseAsync(run, Nums(2), "me", T0, T0.AddMinutes(1), None);

        var order = await ItemAsync(tables.Orders, $"{run}:0002");
        await Assert.That(Shape(order)).IsEqualTo(
            "callback_url:S cmds:L created_at:N dependencies:L execution_target:S expires_at:N flow_id:S git:S last_update:N " +
                "must_succeed:BOOL order_name:S pk:S queue_id:S s3_location:S status:S timeout:N trace_id:S ttl:N use_lambda:BOOL");
        await Assert.That(order["callback_url"].S).IsEqualTo($"s3://bucket/tmp/callbacks/runs/{run}/0002/result.json");
        await Assert.That(order["status"].S).IsEqualTo("failed");
        await Assert.That(order["use_lambda"].BOOL).IsTrue();
        await Assert.That(long.Parse(order["ttl"].N)).IsEqualTo(T0.AddDays(1).ToUnixTimeSeconds() + 1);

        var locked = await ItemAsync(tables.Locks, $"lock:{run}");
        await Assert.That(Shape(locked)).IsEqualTo(
            "acquired_at:N deadline:N flow_id:S inbox:SS lease_until:N orchestrator_id:S pk:S states:S status:S trace_id:S ttl:N");
        await Assert.That(locked["inbox"].SS.Single()).IsEqualTo("0002");
        await Assert.That(long.Parse(locked["ttl"].N)).IsEqualTo(T0.AddHours(25).ToUnixTimeSeconds() + 1);

        var events = await aws.Clients.DynamoDb.ScanAsync(new ScanRequest { TableName = tables.Events });
        var custom = events.Items.Single(item => item["event_type"].S == "custom");
        await Assert.That(Shape(custom)).IsEqualTo("data:M epoch:N event_type:S flow_id:S order_name:S run_id:S sk:S trace_id:S ttl:N");
        await Assert.That(custom["data"].M["deep"].M["list"].L[0].BOOL).IsTrue();
        await Assert.That(custom["data"].M["n"].N).IsEqualTo("1.5");
        await Assert.That(long.Parse(custom["ttl"].N)).IsEqualTo(T0.AddSeconds(1).AddDays(90).ToUnixTimeSeconds() + 1);
        await Assert.That(custom["sk"].S).IsEqualTo($"{custom["order_name"].S}:{decimal.Parse(custom["epoch"].N):F9}");
    }

    [Test]
    [Arguments(FaultKind.HangUpAfter)]
    [Arguments(FaultKind.FailAfter)]
    [Arguments(FaultKind.Throttle)]
    public async Task A_write_whose_answer_is_lost_has_the_outcome_of_its_first_attempt(FaultKind kind)
    {
        var tables = await aws.NewTablesAsync();
        var store = aws.Store(tables);
        var run = NewRun();
        await store.CreateJobAsync(Job(run), None);
        await store.AddOrdersAsync([Order(run, 1)], None);
        await store.ActivateAsync(Lock(run), T0, None);
        using (Lose(kind, tables.Locks, "UpdateItem"))
        {
            await Assert.That(await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(1), None)).IsNotNull();
        }

        using (Lose(kind, tables.Locks, "UpdateItem"))
        {
            await Assert.That(await store.CommitAsync(run, "a", new RunCheckpoint("dqq"), [], AfterCommit.Keep, None))
                .IsTypeOf<CommitOutcome.Committed>();
        }

        using (Lose(kind, tables.Locks, "UpdateItem"))
        {
            await Assert.That(await store.CommitAsync(run, "a", new RunCheckpoint("dqq"), Nums(1), AfterCommit.ReleaseIfInboxEmpty, None))
                .IsTypeOf<CommitOutcome.Committed>();
        }

        await store.TryAcquireLeaseAsync(run, Nums(1, 2), "b", T0, T0.AddMinutes(1), None);
        using (Lose(kind, tables.Locks, "UpdateItem"))
        {
            await Assert.That(await store.CommitAsync(run, "b", new RunCheckpoint("ddq"), Nums(1), AfterCommit.HandOver, None))
                .IsTypeOf<CommitOutcome.Committed>();
        }

        await Assert.That((await store.FindLockAsync(run, None))!.Inbox.Single()).IsEqualTo(new OrderNum(2));
        await Assert.That(
            aws.Aws.Calls.Calls(operation: "UpdateItem").Count(call => call.Resource == tables.Locks && call.Fault is not null))
            .IsEqualTo(4);
    }

    [Test]
    public async Task A_leave_is_right_although_another_process_added_to_the_inbox_what_is_handled()
    {
        var tables = await aws.NewTablesAsync();
        var (mine, others) = (aws.Store(tables), aws.Store(tables));
        var run = NewRun();
        await mine.CreateJobAsync(Job(run), None);
        await mine.ActivateAsync(Lock(run), T0, None);
        await mine.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(1), None);
        await others.AddToInboxAsync(run, Nums(2), None);
        await Assert.That(await mine.CommitAsync(run, "a", new RunCheckpoint("ssq"), Nums(1, 2), AfterCommit.ReleaseIfInboxEmpty, None))
            .IsTypeOf<CommitOutcome.Committed>();
        await Assert.That((await others.FindLockAsync(run, None))!.Inbox.Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_missing_table_is_named_with_its_variable_in_one_line()
    {
        var store = aws.Store(new("no-such-table", "no-such-events", "no-such-locks"));
        var missing = await Assert.That(async () => await store.FindJobAsync(NewRun(), None)).Throws<UserException>();
        await Assert.That(missing!.Message).IsEqualTo(
            "the DynamoDB table no-such-table (IAC_CI_ORDERS_TABLE) does not exist in this account and region: create it, or correct " +
                "its name");
        var among = await Assert.That(async () => await store.AddOrdersAsync([Order(NewRun(), 1)], None)).Throws<UserException>();
        await Assert.That(among!.Message).Contains("no-such-table (IAC_CI_ORDERS_TABLE), no-such-events (IAC_CI_ORDER_EVENTS_TABLE)");
    }

    [Test]
    public async Task A_missing_permission_is_named()
    {
        await using var server = await RecordingServer.StartAsync(
            (
                400,
                """{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: x is not authorized to perform: dynamodb:GetItem"}"""));
        using var clients = AwsSamples.ClientsAt(server.Url);
        var denied = await Assert.That(async () => await aws.Store(new("o", "e", "l"), clients).FindJobAsync(NewRun(), None))
            .Throws<UserException>();
        await Assert.That(denied!.Message).Contains(
            "no permission to use the DynamoDB table o (IAC_CI_ORDERS_TABLE): allow dynamodb:GetItem");
    }

    [Test]
    public async Task A_store_that_does_not_answer_is_unavailable()
    {
        using var clients = AwsSamples.ClientsAt("http://127.0.0.1:1");
        var away = await Assert.That(async () => await aws.Store(new("o", "e", "l"), clients).FindJobAsync(NewRun(), None))
            .Throws<StoreUnavailableException>();
        await Assert.That(away!.Message).Contains("the DynamoDB table o (IAC_CI_ORDERS_TABLE) cannot be reached");
    }

    [Test]
    public async Task Transactions_that_meet_are_repeated_and_a_refusal_among_them_is_an_outcome()
    {
        const string Met =
            """{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[{"Code":"TransactionConflict","Message":"m"},{"Code":"None"}]}""";
        const string Refused =
            """{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":[{"Code":"ConditionalCheckFailed","Item":{"status":{"S":"running"}}},{"Code":"TransactionConflict"}]}""";
        await using var server = await RecordingServer.StartAsync((400, Met), (400, Refused));
        using var clients = AwsSamples.ClientsAt(server.Url);
        var run = NewRun();
        var outcome = await aws.Store(new("o", "e", "l"), clients).AdvanceAsync(Plan(run), [Change(1, OrderAction.Dispatch)], None);
        await Assert.That(outcome).IsEqualTo(new AdvanceOutcome.Refused(new OrderNum(1), OrderStatus.Running));
        await Assert.That(server.Requests.Count).IsEqualTo(2);
        var tokens = server.Requests.Select(r => System.Text.Json.Nodes.JsonNode.Parse(r.Body)!["ClientRequestToken"]!.GetValue<string>());
        await Assert.That(tokens.Distinct().Count()).IsEqualTo(1);
    }

    private ActiveFault Lose(FaultKind kind, string table, string operation) =>
        aws.Aws.Faults.Add(new Fault(kind) { Service = "dynamodb", Operation = operation, Resource = table, Times = 1 });

    private async Task<Dictionary<string, AttributeValue>> ItemAsync(string table, string pk)
    {
        var answer = await aws.Clients.DynamoDb.GetItemAsync(
            table, new Dictionary<string, AttributeValue> { ["pk"] = new AttributeValue { S = pk } });
        return answer.Item;
    }

    private static string Shape(Dictionary<string, AttributeValue> item) => string.Join(
        ' ',
        item.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key + pair.Value switch
        {
            { S: not null } => ":S",
            { N: not null } => ":N",
            { SS.Count: > 0 } => ":SS",
            { M: not null } => ":M",
            { L: not null } => ":L",
            { BOOL: not null } => ":BOOL",
            _ => ":?",
        }));
}
