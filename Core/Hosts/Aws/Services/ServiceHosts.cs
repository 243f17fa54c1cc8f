using Amazon;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// The host names of services: plain, for FIPS (<c>AWS_USE_FIPS_ENDPOINT</c>), for IPv6 beside IPv4 (<c>AWS_USE_DUALSTACK_ENDPOINT</c>),
/// and for both: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html, and the endpoint rules of each service in the
/// SDKs.
/// </summary>
internal static class ServiceHosts
{
    /// <summary>What dual-stack names end in, by what the others of the partition end in.</summary>
    private static readonly Dictionary<string, string> DualStackSuffixes = new(StringComparer.Ordinal)
    {
        ["amazonaws.com"] = "api.aws",
        ["amazonaws.com.cn"] = "api.amazonwebservices.com.cn",
        ["amazonaws.eu"] = "api.amazonwebservices.eu",
        ["c2s.ic.gov"] = "api.aws.ic.gov",
        ["sc2s.sgov.gov"] = "api.aws.scloud",
        ["cloud.adc-e.uk"] = "api.cloud-aws.adc-e.uk",
        ["csp.hci.ic.gov"] = "api.aws.hci.ic.gov",
    };

    /// <summary>Names that are validated for FIPS without saying so.</summary>
    private static readonly HashSet<(string Service, string Region)> AlwaysFips =
        [("states", "us-gov-west-1")];

    /// <summary>The name of a service's host.</summary>
    /// <param name="service">The first part of its names.</param>
    /// <param name="region">Where.</param>
    /// <param name="fips">Whether its cryptography has to be validated for FIPS 140.</param>
    /// <param name="dualStack">Whether it has to have an IPv6 address too.</param>
    /// <exception cref="UserException">The partition has no such names.</exception>
    public static string Of(string service, RegionEndpoint region, bool fips, bool dualStack)
    {
        var suffix = dualStack ? DualStackSuffix(region) : region.PartitionDnsSuffix;
        var marked = fips && (dualStack || !AlwaysFips.Contains((service, region.SystemName))) ? service + "-fips" : service;
        return $"{marked}.{region.SystemName}.{suffix}";
    }

    private static string DualStackSuffix(RegionEndpoint region) =>
        DualStackSuffixes.GetValueOrDefault(region.PartitionDnsSuffix)
        ?? throw new UserException(
            $"no dual-stack endpoints are known for the region {region.SystemName}; unset AWS_USE_DUALSTACK_ENDPOINT");
}
