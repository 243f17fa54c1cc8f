using Amazon.Runtime.Internal;
using Amazon.S3;

namespace IacCi.Core.Aws;

/// <summary>
/// S3 without the trace header that the SDK passes along inside a Lambda. Objects of ours wake Lambdas of ours, on purpose and each time with
/// less left to do, and AWS cuts such a chain after about 16 links when it sees the header in it
/// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
/// </summary>
internal sealed class ObjectsClient(AmazonS3Config config) : AmazonS3Client(config)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        foreach (var h in pipeline.Handlers) Console.Error.WriteLine(h.GetType());
    }
}
