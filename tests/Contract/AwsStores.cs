using IacCi.Core.Model;

namespace IacCi.Tests.Contract;

[InheritsTests]
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class DynamoRunStoreTests(EmulatedStores aws) : RunStoreContract
{
    protected override async ValueTask<IRunStore> CreateStoreAsync() => aws.Store(await aws.NewTablesAsync());
}

[InheritsTests]
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class S3ObjectStoreTests(EmulatedStores aws) : ObjectStoreContract
{
    protected override async ValueTask<IObjectStore> CreateStoreAsync() => aws.Objects(await aws.NewBucketAsync());
}
