using Amazon;
using Amazon.Runtime;
using IacCi.Core.Hosts.Aws.Credentials;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// What every client of a process is configured with: region, endpoint, retries and timeouts. The usual variables (<c>AWS_REGION</c>,
/// <c>AWS_PROFILE</c>, <c>AWS_ENDPOINT_URL</c>, <c>AWS_ENDPOINT_URL_&lt;SERVICE&gt;</c>, <c>AWS_USE_FIPS_ENDPOINT</c>,
/// <c>AWS_USE_DUALSTACK_ENDPOINT</c>) hold.
/// </summary>
internal sealed class ClientSettings
{
    /// <summary>How often a call is repeated after it was throttled or not answered.</summary>
    private const int MaxRetries = 5;

    /// <summary>How long an attempt may take, where the call itself says nothing else.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(30);

    private const string FipsVariable = "AWS_USE_FIPS_ENDPOINT";
    private const string DualStackVariable = "AWS_USE_DUALSTACK_ENDPOINT";
    private const string IgnoreVariable = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly Func<string, string?> _variable;
    private readonly Lazy<string> _region;

    /// <summary>Reads nothing yet.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    public ClientSettings(Func<string, string?> variable)
    {
        _variable = variable;
        _region = new(FindRegion);
        Profiles = new AwsProfiles(variable);
    }

    /// <summary>The shared files.</summary>
    public AwsProfiles Profiles { get; }

    /// <summary>The region.</summary>
    /// <exception cref="UserException">None is configured.</exception>
    public string Region => _region.Value;

    /// <summary>The configuration of a client.</summary>
    /// <param name="make">Makes the SDK's own, which reads the selected profile.</param>
    /// <param name="service">The end of its variable, <c>AWS_ENDPOINT_URL_...</c>.</param>
    /// <param name="region">Where the service is asked; null for <see cref="Region"/>.</param>
    /// <exception cref="UserException">The selected profile cannot be read, or a variable or setting has no valid value.</exception>
    public T Prepare<T>(Func<T> make, string service, string? region = null)
        where T : ClientConfig
    {
        _ = Profiles.Selected;
        try
        {
            var config = Configured(make, service, region ?? Region);

            // What variables and the profile say is looked at here, and not in the first call.
            _ = (config.ServiceURL, config.ResponseChecksumValidation);
            return config;
        }
        catch (Exception wrong) when (wrong is AmazonClientException or TypeInitializationException)
        {
            throw new UserException(
                $"what clients of AWS are configured with is not valid ({AwsErrors.Detail(wrong.GetBaseException())}): correct the variable, "
                    + $"or {AwsProfiles.Place(Profiles.Name)}",
                inner: wrong);
        }
    }

    private T Configured<T>(Func<T> make, string service, string region)
        where T : ClientConfig
    {
        var config = make();
        config.RetryMode = RequestRetryMode.Standard;
        config.MaxErrorRetry = MaxRetries;
        config.Timeout = AttemptTimeout;
        config.ConnectTimeout = ConnectTimeout;
        var (fips, dualStack) = (Flag(FipsVariable), Flag(DualStackVariable));
        if (EndpointOf(service) is { } url)
        {
            if (fips is true || dualStack is true)
            {
                throw new UserException(
                    $"{(fips is true ? FipsVariable : DualStackVariable)} is set, and so is an endpoint of your own (AWS_ENDPOINT_URL or "
                        + $"AWS_ENDPOINT_URL_{service}), which is taken as it is; unset one of them");
            }

            config.ServiceURL = url;
            config.AuthenticationRegion = region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
            config.UseFIPSEndpoint = fips ?? config.UseFIPSEndpoint;
            config.UseDualstackEndpoint = dualStack ?? config.UseDualstackEndpoint;
        }

        return config;
    }

    /// <summary>
    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html; endpoints of profiles are found by the SDK.
    /// </summary>
    public string? EndpointOf(string service)
    {
        if (Flag(IgnoreVariable) is true)
        {
            return null;
        }

        foreach (var name in new[] { "AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL" })
        {
            if (_variable(name) is { Length: > 0 } url)
            {
                return Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
                    ? url
                    : throw new UserException(
                        $"the variable {name} is not the URL of an endpoint (http:// or https://); correct it or unset it");
            }
        }

        return null;
    }

    private bool? Flag(string name) => _variable(name) is not { Length: > 0 } text ? null
        : bool.TryParse(text, out var value) ? value
        : throw new UserException($"the variable {name} is {Printable.Word(text)}; write true or false");

    private string FindRegion()
    {
        foreach (var name in new[] { "AWS_REGION", "AWS_DEFAULT_REGION" })
        {
            if (_variable(name) is { Length: > 0 } region)
            {
                return Checked(region, $"the variable {name}");
            }
        }

        return Profiles.Selected?.Region?.SystemName
            ?? throw new UserException(
                "no AWS region is configured; set AWS_REGION (for example eu-central-1), or 'region' in "
                    + AwsProfiles.Place(Profiles.Name));
    }

    /// <summary>A region that can stand in a host name.</summary>
    /// <exception cref="UserException">It cannot.</exception>
    public static string Checked(string region, string place) =>
        region.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
            ? region
            : throw new UserException($"{place} is {Printable.Word(region)}, which is no region; write for example eu-central-1");
}
