using Amazon;
using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SimpleSystemsManagement;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// Makes the clients of one process, each when it is first asked for. Credentials, signatures, retries and timeouts are the SDK's own;
/// the usual variables (<c>AWS_REGION</c>, <c>AWS_PROFILE</c>, <c>AWS_ENDPOINT_URL</c>, <c>AWS_ENDPOINT_URL_&lt;SERVICE&gt;</c>) hold.
/// </summary>
internal sealed class AwsClients : IDisposable
{
    /// <summary>How often a call is repeated after it was throttled or not answered.</summary>
    private const int MaxRetries = 5;

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly Func<string, string?> _variable;
    private readonly AWSCredentials? _credentials;
    private readonly Lazy<string> _region;
    private readonly LazyDisposable<AmazonDynamoDBClient> _dynamo;
    private readonly LazyDisposable<AmazonS3Client> _s3;
    private readonly LazyDisposable<AmazonSimpleSystemsManagementClient> _ssm;
    private readonly LazyDisposable<AmazonCodeBuildClient> _codeBuild;
    private readonly LazyDisposable<AmazonStepFunctionsClient> _stepFunctions;
    private readonly LazyDisposable<AmazonLambdaClient> _lambda;
    private readonly LazyDisposable<AmazonSecretsManagerClient> _secretsManager;
    private readonly LazyDisposable<AmazonSecurityTokenServiceClient> _securityToken;

    /// <summary>Makes no client yet.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <param name="credentials">Who calls; null for the SDK's usual chain (variables, profile, role).</param>
    public AwsClients(Func<string, string?> variable, AWSCredentials? credentials = null)
    {
        _variable = variable;
        _credentials = credentials;
        _region = new(FindRegion);
        _dynamo = new(() => new AmazonDynamoDBClient(Prepare(new AmazonDynamoDBConfig(), "DYNAMODB")));
        _s3 = new(() => new ObjectsClient(PrepareS3()));
        _ssm = new(() => new AmazonSimpleSystemsManagementClient(Prepare(new AmazonSimpleSystemsManagementConfig(), "SSM")));
        _codeBuild = new(() => new AmazonCodeBuildClient(Prepare(AmazonCodeBuildClient.NewConfig(), "CODEBUILD")));
        _stepFunctions = new(() => new AmazonStepFunctionsClient(Prepare(AmazonStepFunctionsClient.NewConfig(), "SFN")));
        _lambda = new(() => new AmazonLambdaClient(Prepare(AmazonLambdaClient.NewConfig(), "LAMBDA")));
        _secretsManager = new(() => new AmazonSecretsManagerClient(Prepare(AmazonSecretsManagerClient.NewConfig(), "SECRETS_MANAGER")));
        _securityToken = new(() => new AmazonSecurityTokenServiceClient(Prepare(AmazonSecurityTokenServiceClient.NewConfig(), "STS")));
    }

    /// <summary>The region.</summary>
    /// <exception cref="UserException">None is configured.</exception>
    public string Region => _region.Value;

    /// <summary>DynamoDB.</summary>
    public IAmazonDynamoDB DynamoDb => _dynamo.Value;

    /// <summary>S3.</summary>
    public IAmazonS3 S3 => _s3.Value;

    /// <summary>SSM Parameter Store.</summary>
    public IAmazonSimpleSystemsManagement Ssm => _ssm.Value;

    /// <summary>CodeBuild.</summary>
    public AmazonCodeBuildClient CodeBuild => _codeBuild.Value;

    /// <summary>Step Functions.</summary>
    public AmazonStepFunctionsClient StepFunctions => _stepFunctions.Value;

    /// <summary>Lambda.</summary>
    public AmazonLambdaClient Lambda => _lambda.Value;

    /// <summary>Secrets Manager.</summary>
    public AmazonSecretsManagerClient SecretsManager => _secretsManager.Value;

    /// <summary>STS.</summary>
    public AmazonSecurityTokenServiceClient SecurityToken => _securityToken.Value;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in (ReadOnlySpan<IDisposable>)
                 [_dynamo, _s3, _ssm, _codeBuild, _stepFunctions, _lambda, _secretsManager, _securityToken])
        {
            client.Dispose();
        }
    }

    private T Prepare<T>(T config, string service)
        where T : ClientConfig
    {
        config.RetryMode = RequestRetryMode.Standard;
        config.MaxErrorRetry = MaxRetries;
        config.Timeout = AttemptTimeout;
        config.ConnectTimeout = ConnectTimeout;
        if (_credentials is not null)
        {
            config.DefaultAWSCredentials = _credentials;
        }

        if (EndpointOf(service) is { } url)
        {
            config.ServiceURL = url;
            config.AuthenticationRegion = Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region);
        }

        return config;
    }

    private AmazonS3Config PrepareS3()
    {
        var config = Prepare(new AmazonS3Config(), "S3");

        // An emulator at an address or at localhost has no host name per bucket.
        config.ForcePathStyle = EndpointOf("S3") is { } url
            && new Uri(url) is var at && (at.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || at.IsLoopback);
        return config;
    }

    /// <summary>
    /// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html; endpoints of profiles are found by the SDK.
    /// </summary>
    private string? EndpointOf(string service)
    {
        if (string.Equals(_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true", StringComparison.OrdinalIgnoreCase))
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

    private string FindRegion()
    {
        foreach (var name in new[] { "AWS_REGION", "AWS_DEFAULT_REGION" })
        {
            if (_variable(name) is { Length: > 0 } region)
            {
                return region;
            }
        }

        return FallbackRegionFactory.GetRegionEndpoint(includeInstanceMetadata: false)?.SystemName
            ?? throw new UserException(
                "no AWS region is configured; set AWS_REGION (for example eu-central-1), or a region in the profile");
    }
}
