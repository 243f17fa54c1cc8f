using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// Calls of DynamoDB. The SDK repeats what was throttled or not answered; here only a transaction that met another one is repeated, which
/// the SDK leaves to its callers
/// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling).
/// </summary>
/// <param name="client">The client.</param>
/// <param name="tables">The tables, for messages.</param>
/// <param name="clock">The clock of pauses.</param>
/// <param name="randomBytes">Spreads the pauses and names the transactions.</param>
internal sealed class DynamoCalls(IAmazonDynamoDB client, DynamoTables tables, TimeProvider clock, Func<int, byte[]> randomBytes)
{
    /// <summary>How often a call is made that meets other transactions each time.</summary>
    private const int MaxAttempts = 8;

    private const string ConditionFailed = "ConditionalCheckFailed";
    private const int TokenBytes = 16;

    private static readonly HashSet<string> Contention = new(StringComparer.Ordinal)
    {
        "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
    };

    private string Orders => $"the DynamoDB table {tables.Orders} ({AwsSettings.OrdersTableVariable})";

    private string All =>
        $"the DynamoDB tables {tables.Orders} ({AwsSettings.OrdersTableVariable}), {tables.Events} ({AwsSettings.EventsTableVariable})"
        + $" and {tables.Locks} ({AwsSettings.LocksTableVariable})";

    /// <summary>
    /// Writes all or nothing. The token makes a repetition by the SDK, after an answer was lost, the same transaction and not a second one.
    /// </summary>
    /// <returns>Null when it is written; else the reasons, one for each item, of which at least one is a condition that did not
    /// hold.</returns>
    public async ValueTask<IReadOnlyList<CancellationReason>?> TransactAsync(
        List<TransactWriteItem> items, CancellationToken cancellationToken)
    {
        var request =
            new TransactWriteItemsRequest { TransactItems = items, ClientRequestToken = Convert.ToHexStringLower(randomBytes(TokenBytes)) };
        try
        {
            await CallAsync(
                token => client.TransactWriteItemsAsync(request, token), new AwsCall(All, "dynamodb:PutItem and dynamodb:UpdateItem"),
                cancellationToken);
            return null;
        }
        catch (TransactionCanceledException canceled) when (IsRefused(canceled))
        {
            return canceled.CancellationReasons;
        }
    }

    /// <summary>Whether a reason says that a condition did not hold.</summary>
    public static bool IsRefused(CancellationReason reason) => reason.Code == ConditionFailed;

    /// <summary>Writes one item, if its condition holds.</summary>
    /// <returns>The item after the write, and null; or null, and the item that the condition did not hold for (empty when there is
    /// none).</returns>
    public async ValueTask<(Dictionary<string, AttributeValue>? Written, Dictionary<string, AttributeValue>? Refused)> UpdateAsync(
        UpdateItemRequest request, string table, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await CallAsync(
                token => client.UpdateItemAsync(request, token), new AwsCall(table, "dynamodb:UpdateItem"), cancellationToken);
            return (answer.Attributes ?? [], null);
        }
        catch (ConditionalCheckFailedException refused)
        {
            return (null, refused.Item ?? []);
        }
    }

    /// <summary>Writes one item under a key that is free.</summary>
    /// <returns>Null when it is written; else the item that stands there.</returns>
    public async ValueTask<Dictionary<string, AttributeValue>?> CreateAsync(
        Dictionary<string, AttributeValue> item, CancellationToken cancellationToken)
    {
        var request = new PutItemRequest
        {
            TableName = tables.Orders,
            Item = item,
            ConditionExpression = "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure.ALL_OLD,
        };
        try
        {
            await CallAsync(token => client.PutItemAsync(request, token), new AwsCall(Orders, "dynamodb:PutItem"), cancellationToken);
            return null;
        }
        catch (ConditionalCheckFailedException refused)
        {
            return refused.Item ?? [];
        }
    }

    /// <summary>Reads one item; null when there is none.</summary>
    public async ValueTask<Dictionary<string, AttributeValue>?> GetAsync(
        string table, string what, Dictionary<string, AttributeValue> key, CancellationToken cancellationToken)
    {
        var request = new GetItemRequest { TableName = table, Key = key, ConsistentRead = true };
        var answer = await CallAsync(
            token => client.GetItemAsync(request, token), new AwsCall(what, "dynamodb:GetItem"), cancellationToken);
        return answer.Item is { Count: > 0 } item ? item : null;
    }

    /// <summary>
    /// Reads items of the orders table, at most 100 at once; DynamoDB gives as many as fit into an answer, and the rest is asked for again.
    /// </summary>
    public async ValueTask<List<Dictionary<string, AttributeValue>>> GetAllAsync(
        List<Dictionary<string, AttributeValue>> keys, CancellationToken cancellationToken)
    {
        var found = new List<Dictionary<string, AttributeValue>>(keys.Count);
        for (var attempt = 1; keys.Count > 0; attempt++)
        {
            var request = new BatchGetItemRequest
            {
                RequestItems = new() { [tables.Orders] = new KeysAndAttributes { Keys = keys, ConsistentRead = true } },
            };
            var answer = await CallAsync(
                token => client.BatchGetItemAsync(request, token), new AwsCall(Orders, "dynamodb:BatchGetItem"), cancellationToken);
            var got = answer.Responses?.GetValueOrDefault(tables.Orders) ?? [];
            found.AddRange(got);
            keys = answer.UnprocessedKeys?.GetValueOrDefault(tables.Orders)?.Keys ?? [];
            if (keys.Count > 0 && got.Count == 0)
            {
                await PauseAsync(attempt, $"{Orders} is throttled: raise its capacity, or try again later", cancellationToken);
            }
        }

        return found;
    }

    /// <summary>Reads one page of a query.</summary>
    public ValueTask<QueryResponse> QueryAsync(QueryRequest request, CancellationToken cancellationToken) => CallAsync(
        token => client.QueryAsync(request, token),
        new AwsCall($"the DynamoDB table {tables.Events} ({AwsSettings.EventsTableVariable})", "dynamodb:Query"),
        cancellationToken);

    private async ValueTask<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, AwsCall what, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call(cancellationToken);
            }
            catch (AmazonDynamoDBException busy) when (
                busy is TransactionConflictException || (busy is TransactionCanceledException canceled && IsContention(canceled)))
            {
                await PauseAsync(
                    attempt, $"{what.What} is busy with other writes of the same items, or throttled: try again later", cancellationToken);
            }
            catch (Exception failure) when (AwsErrors.Explain(failure, what, cancellationToken) is { } explained)
            {
                throw explained;
            }
        }
    }

    private async ValueTask PauseAsync(int attempt, string otherwise, CancellationToken cancellationToken)
    {
        if (attempt >= MaxAttempts)
        {
            throw new StoreUnavailableException(otherwise);
        }

        await Task.Delay(Backoff.After(attempt, randomBytes), clock, cancellationToken);
    }

    private static bool IsRefused(TransactionCanceledException canceled) => canceled.CancellationReasons?.Any(IsRefused) == true;

    private static bool IsContention(TransactionCanceledException canceled) =>
        canceled.CancellationReasons is { } reasons && reasons.TrueForAll(reason => Contention.Contains(reason.Code ?? "None"));
}
