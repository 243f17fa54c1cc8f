using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>Where the clients of ours call, held against the endpoint rules of AWS's own SDKs.</summary>
internal sealed class ServiceHostsTests
{
    [Test]
    [Arguments("us-east-1", "codebuild.us-east-1.amazonaws.com", "sts.us-east-1.amazonaws.com", "states.us-east-1.amazonaws.com")]
    [Arguments("us-gov-west-1", "codebuild.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.amazonaws.com",
        "states.us-gov-west-1.amazonaws.com")]
    [Arguments("cn-north-1", "codebuild.cn-north-1.amazonaws.com.cn", "sts.cn-north-1.amazonaws.com.cn",
        "states.cn-north-1.amazonaws.com.cn")]
    [Arguments("eusc-de-east-1", "codebuild.eusc-de-east-1.amazonaws.eu", "sts.eusc-de-east-1.amazonaws.eu",
        "states.eusc-de-east-1.amazonaws.eu")]
    public Task Each_partition_has_its_own_names(string region, string codeBuild, string sts, string states) =>
        AssertHosts(region, [], codeBuild, sts, states);

    [Test]
    [Arguments("us-east-1", "codebuild-fips.us-east-1.amazonaws.com", "sts-fips.us-east-1.amazonaws.com",
        "states-fips.us-east-1.amazonaws.com")]
    [Arguments("us-gov-west-1", "codebuild-fips.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.amazonaws.com",
        "states.us-gov-west-1.amazonaws.com")]
    [Arguments("us-gov-east-1", "codebuild-fips.us-gov-east-1.amazonaws.com", "sts.us-gov-east-1.amazonaws.com",
        "states-fips.us-gov-east-1.amazonaws.com")]
    public Task Names_for_FIPS_are_used_when_they_are_wanted(string region, string codeBuild, string sts, string states) =>
        AssertHosts(region, ["AWS_USE_FIPS_ENDPOINT"], codeBuild, sts, states);

    [Test]
    [Arguments("eu-central-1", "codebuild.eu-central-1.api.aws", "sts.eu-central-1.api.aws", "states.eu-central-1.api.aws")]
    [Arguments("cn-north-1", "codebuild.cn-north-1.api.amazonwebservices.com.cn", "sts.cn-north-1.api.amazonwebservices.com.cn",
        "states.cn-north-1.api.amazonwebservices.com.cn")]
    public Task Names_with_IPv6_are_used_when_they_are_wanted(string region, string codeBuild, string sts, string states) =>
        AssertHosts(region, ["AWS_USE_DUALSTACK_ENDPOINT"], codeBuild, sts, states);

    [Test]
    [Arguments("us-gov-west-1", "codebuild-fips.us-gov-west-1.api.aws", "sts-fips.us-gov-west-1.api.aws",
        "states-fips.us-gov-west-1.api.aws")]
    public Task Names_for_both_are_used_when_both_are_wanted(string region, string codeBuild, string sts, string states) =>
        AssertHosts(region, ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"], codeBuild, sts, states);

    [Test]
    [Arguments("AWS_USE_FIPS_ENDPOINT")]
    [Arguments("AWS_USE_DUALSTACK_ENDPOINT")]
    public async Task An_endpoint_of_your_own_is_not_passed_off_as_such_a_name(string variable)
    {
        using var clients = Clients("us-east-1", [(variable, "true"), ("AWS_ENDPOINT_URL", "https://proxy.example")]);
        var refused = await Assert.That(() => _ = clients.CodeBuild).Throws<UserException>();
        await Assert.That(refused!.Message).Contains(variable).And.Contains("AWS_ENDPOINT_URL");
    }

    [Test]
    public async Task What_is_neither_true_nor_false_is_refused()
    {
        using var clients = Clients("us-east-1", [("AWS_USE_FIPS_ENDPOINT", "yes")]);
        var refused = await Assert.That(() => _ = clients.CodeBuild).Throws<UserException>();
        await Assert.That(refused!.Message).Contains("AWS_USE_FIPS_ENDPOINT is ");
    }

    private static async Task AssertHosts(string region, string[] flags, string codeBuild, string sts, string states)
    {
        using var clients = Clients(region, flags.Select(flag => (flag, "true")));
        await Assert.That(HostOf(clients.CodeBuild)).IsEqualTo(codeBuild);
        await Assert.That(HostOf(clients.SecurityToken)).IsEqualTo(sts);
        await Assert.That(HostOf(clients.StepFunctions)).IsEqualTo(states);
    }

    private static string HostOf(AmazonSecurityTokenServiceClient client) =>
        new Uri(((ClientConfig)client.Config)
            .DetermineServiceOperationEndpoint(new ServiceOperationEndpointParameters(new GetCallerIdentityRequest())).URL).Host;

    private static string HostOf(ServiceClient client) => new Uri(((ServiceConfig)client.Config).Resolve().URL).Host;

    private static AwsClients Clients(string region, IEnumerable<(string Name, string Value)> variables)
    {
        var given = variables.Append(("AWS_REGION", region)).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        return new AwsClients(given.GetValueOrDefault, new AnonymousAWSCredentials());
    }
}
