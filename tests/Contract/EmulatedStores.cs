using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using Amazon.Runtime;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Dynamo;
using IacCi.Emulated;
using TUnit.Core.Interfaces;

namespace IacCi.Tests.Contract;

/// <summary>One emulated AWS for all tests of the adapters. Each test makes tables and buckets of its own.</summary>
internal sealed class EmulatedStores : IAsyncInitializer, IAsyncDisposable
{
    private int _names;

    public EmulatedAws Aws { get; private set; } = null!;

    public AwsClients Clients { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Aws = await EmulatedAws.StartAsync(new EmulatedAwsOptions { Binary = null, Seed = 11 });
        Clients = NewClients();
    }

    public async ValueTask DisposeAsync()
    {
        Clients?.Dispose();
        if (Aws is not null)
        {
            await Aws.DisposeAsync();
        }
    }

    /// <summary>Clients of this AWS, with more variables.</summary>
    public AwsClients NewClients(params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>(Aws.Variables);
        foreach (var (name, value) in more)
        {
            variables[name] = value;
        }

        return new AwsClients(variables.GetValueOrDefault, Credentials);
    }

    /// <summary>Who calls.</summary>
    public AWSCredentials Credentials =>
        new BasicAWSCredentials(Aws.Variables["AWS_ACCESS_KEY_ID"], Aws.Variables["AWS_SECRET_ACCESS_KEY"]);

    public string NewName(string what) => $"{what}-{Interlocked.Increment(ref _names)}";

    public async Task<DynamoTables> NewTablesAsync()
    {
        var tables = new DynamoTables(NewName("orders"), NewName("order-events"), NewName("locks"));
        await CreateAsync(
            new CreateTableRequest { TableName = tables.Orders, KeySchema = [Hash("pk")], AttributeDefinitions = [Text("pk")] });
        await CreateAsync(
            new CreateTableRequest { TableName = tables.Locks, KeySchema = [Hash("pk")], AttributeDefinitions = [Text("pk")] });
        await CreateAsync(new CreateTableRequest
        {
            TableName = tables.Events,
            KeySchema = [Hash("trace_id"), Range("sk")],
            AttributeDefinitions =
                [Text("trace_id"), Text("sk"), Text("order_name"), new AttributeDefinition("epoch", ScalarAttributeType.N)],
            GlobalSecondaryIndexes =
            [
                new GlobalSecondaryIndex
                {
                    IndexName = "order_name-epoch-index",
                    KeySchema = [Hash("order_name"), Range("epoch")],
                    Projection = new Projection { ProjectionType = ProjectionType.ALL },
                },
            ],
        });
        return tables;
    }

    public DynamoRunStore Store(DynamoTables tables, AwsClients? clients = null) =>
        new(
            (clients ?? Clients).DynamoDb, tables, "bucket", TimeProvider.System,
            System.Security.Cryptography.RandomNumberGenerator.GetBytes);

    public async Task<string> NewBucketAsync()
    {
        var bucket = NewName("bucket");
        await Clients.S3.PutBucketAsync(bucket);
        return bucket;
    }

    public S3ObjectStore Objects(string bucket, AwsClients? clients = null) =>
        new(
            (clients ?? Clients).S3, bucket, "IAC_CI_INTERNAL_BUCKET", TimeProvider.System,
            System.Security.Cryptography.RandomNumberGenerator.GetBytes);

    private async Task CreateAsync(CreateTableRequest request)
    {
        request.BillingMode = BillingMode.PAY_PER_REQUEST;
        await Clients.DynamoDb.CreateTableAsync(request);
    }

    private static KeySchemaElement Hash(string name) => new(name, KeyType.HASH);

    private static KeySchemaElement Range(string name) => new(name, KeyType.RANGE);

    private static AttributeDefinition Text(string name) => new(name, ScalarAttributeType.S);
}
