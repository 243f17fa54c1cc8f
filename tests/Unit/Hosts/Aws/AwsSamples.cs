using Amazon.Runtime;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>What the tests of the adapters start from.</summary>
internal static class AwsSamples
{
    public static readonly RunId Run = RunId.Parse("run-1");

    public static CancellationToken None => CancellationToken.None;

    public static AwsClients ClientsAt(string url) => new(
        name => name switch { "AWS_ENDPOINT_URL" => url, "AWS_REGION" => "eu-central-1", _ => null },
        new BasicAWSCredentials("AKIDEXAMPLE", "example"));

    public static PlannedOrder Order(AgeRecipient recipient, ExecutionTarget target = ExecutionTarget.CodeBuild, int timeout = 600) => new()
    {
        Num = new OrderNum(7),
        Name = "vpc",
        Target = target,
        TimeoutSeconds = timeout,
        BundleKey = RunKeys.Bundle(Run, new OrderNum(7)),
        BundleSha256 = new string('b', 64),
        Recipient = recipient.ToString(),
    };

    public static RunPlan Plan(PlannedOrder order) => new()
    {
        RunId = Run,
        TraceId = TraceId.Parse("0000abcd"),
        FlowId = "zoë:0000abcd-exec",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Orders = [order],
    };
}
