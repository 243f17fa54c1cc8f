using Amazon.DynamoDBv2;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.SecurityToken;
using Amazon.SimpleSystemsManagement;
using IacCi.Core.Hosts.Aws.Credentials;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// Makes the clients of one process, each when it is first asked for. Signatures, retries and timeouts are the SDK's own;
/// <see cref="ClientSettings"/> says which variables hold, and <see cref="CredentialChain"/> where credentials are looked for.
/// </summary>
internal sealed class AwsClients : IDisposable
{
    private readonly AWSCredentials _credentials;
    private readonly ClientSettings _settings;
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
    /// <param name="credentials">Who calls; null for whoever the usual places name (variables, profile, role).</param>
    /// <param name="clock">The time; null for the system's.</param>
    /// <param name="ask">Asks a person for a line and gives null where there is nobody; null when there never is.</param>
    public AwsClients(
        Func<string, string?> variable, AWSCredentials? credentials = null, TimeProvider? clock = null, Func<string, string?>? ask = null)
    {
        CredentialOrigin.Note();
        _settings = new ClientSettings(variable);
        _credentials = credentials ?? new CredentialChain(variable, _settings, ask ?? (_ => null), clock ?? TimeProvider.System);
        _dynamo = new(() => new AmazonDynamoDBClient(Prepare(() => new AmazonDynamoDBConfig(), "DYNAMODB")));
        _s3 = new(() => new ObjectsClient(PrepareS3()));
        _ssm = new(() => new AmazonSimpleSystemsManagementClient(Prepare(() => new AmazonSimpleSystemsManagementConfig(), "SSM")));
        _codeBuild = new(() => new AmazonCodeBuildClient(Prepare(AmazonCodeBuildClient.NewConfig, "CODEBUILD")));
        _stepFunctions = new(() => new AmazonStepFunctionsClient(Prepare(AmazonStepFunctionsClient.NewConfig, "SFN")));
        _lambda = new(() => new AmazonLambdaClient(Prepare(AmazonLambdaClient.NewConfig, "LAMBDA")));
        _secretsManager = new(() => new AmazonSecretsManagerClient(Prepare(AmazonSecretsManagerClient.NewConfig, "SECRETS_MANAGER")));
        _securityToken = new(
            () => new AmazonSecurityTokenServiceClient(Prepare(() => new AmazonSecurityTokenServiceConfig(), "STS")));
    }

    /// <summary>The region.</summary>
    /// <exception cref="UserException">None is configured.</exception>
    public string Region => _settings.Region;

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

    /// <summary>A client of Lambda for invocations that are waited for; whoever asks for it disposes of it.</summary>
    /// <param name="longest">How long an invocation may take.</param>
    public AmazonLambdaClient NewPatientLambda(TimeSpan longest)
    {
        var config = Prepare(AmazonLambdaClient.NewConfig, "LAMBDA");
        config.Timeout = longest;
        return new AmazonLambdaClient(config);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var client in (ReadOnlySpan<IDisposable>)
                 [_dynamo, _s3, _ssm, _codeBuild, _stepFunctions, _lambda, _secretsManager, _securityToken])
        {
            client.Dispose();
        }
    }

    private T Prepare<T>(Func<T> make, string service)
        where T : ClientConfig
    {
        var config = _settings.Prepare(make, service);
        config.DefaultAWSCredentials = _credentials;
        return config;
    }

    private AmazonS3Config PrepareS3()
    {
        var config = Prepare(() => new AmazonS3Config(), "S3");

        // An emulator at an address or at localhost has no host name per bucket.
        config.ForcePathStyle = _settings.EndpointOf("S3") is { } url
            && new Uri(url) is var at && (at.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || at.IsLoopback);
        return config;
    }
}
