using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// S3 without the trace header that the SDK passes along inside a Lambda. Objects of ours wake Lambdas of ours, on purpose and each time
/// with less left to do, and AWS cuts such a chain after about 16 links when it sees the header in it
/// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
/// </summary>
internal sealed class ObjectsClient(AmazonS3Config config) : AmazonS3Client(config)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new WithoutTraceHeader());
    }

    private sealed class WithoutTraceHeader : PipelineHandler
    {
        private const string Header = "x-amzn-trace-id";

        public override void InvokeSync(IExecutionContext executionContext)
        {
            Remove(executionContext);
            base.InvokeSync(executionContext);
        }

        public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
        {
            Remove(executionContext);
            return base.InvokeAsync<T>(executionContext);
        }

        private static void Remove(IExecutionContext executionContext)
        {
            var headers = executionContext.RequestContext.Request.Headers;
            foreach (var name in headers.Keys.Where(name => string.Equals(name, Header, StringComparison.OrdinalIgnoreCase)).ToList())
            {
                headers.Remove(name);
            }
        }
    }
}
