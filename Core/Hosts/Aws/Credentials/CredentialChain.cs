using Amazon.Runtime;
using Amazon.Util;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// The credentials of this process, found where AWS's tools look, in the order of the SDK: variables, a web identity, the selected
/// profile, the container, the instance (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html). The SDK's own
/// chain does the same, but ends whatever went wrong as one exception without its reason, and cannot take on the role of a profile in a
/// native program. Here the first place that holds something counts, and what is wrong there is a <see cref="UserException"/>.
/// </summary>
/// <param name="variable">Gives a variable of the environment, or null.</param>
/// <param name="settings">What clients are configured with.</param>
/// <param name="ask">Asks a person for a line; null where there is nobody.</param>
/// <param name="clock">The time.</param>
internal sealed class CredentialChain(
    Func<string, string?> variable, ClientSettings settings, Func<string, string?> ask, TimeProvider clock) : AWSCredentials
{
    private const string ContainerPath = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ContainerUrl = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

    /// <summary>How long the container's endpoint may take, with the repetitions of the SDK.</summary>
    private static readonly TimeSpan ContainerLimit = TimeSpan.FromSeconds(10);

    /// <summary>How long the instance's endpoint may take: it is asked wherever nothing else is found, and mostly is not there.</summary>
    private static readonly TimeSpan InstanceLimit = TimeSpan.FromSeconds(4);

    private readonly RoleSessions roles = new(settings, clock);
    private readonly Lock gate = new();
    private (AWSCredentials Credentials, string Origin)? found;

    /// <summary>Where the credentials come from, for messages; null before they were asked for.</summary>
    public string? Origin
    {
        get
        {
            lock (gate)
            {
                return found?.Origin;
            }
        }
    }

    /// <inheritdoc/>
    public override ImmutableCredentials GetCredentials() => GetCredentialsAsync().GetAwaiter().GetResult();

    /// <inheritdoc/>
    /// <exception cref="UserException">There are none, or what is configured does not give any.</exception>
    /// <exception cref="StoreUnavailableException">Whoever gives them does not answer.</exception>
    public override async Task<ImmutableCredentials> GetCredentialsAsync()
    {
        AWSCredentials source;
        lock (gate)
        {
            source = (found ??= Find()).Credentials;
        }

        return await source.GetCredentialsAsync();
    }

    private (AWSCredentials Credentials, string Origin) Find() =>
        OfVariables() is { } keys ? (keys, "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        : OfWebIdentity() is { } role ? (role, "the variables AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE")
        : OfProfile() is { } described ? (described, AwsProfiles.Place(settings.Profiles.Name))
        : OfContainer() is { } container ? (container, "the container's endpoint")
        : (OfInstance(NoneAnywhere), "the instance's role");

    private AWSCredentials? OfProfile() => settings.Profiles.Selected is { } profile
        ? new ProfileCredentials(OfSource, roles, settings, ask, clock).Find(profile)
        : null;

    /// <summary>What <c>credential_source</c> of a profile names; null for an unknown word.</summary>
    private AWSCredentials? OfSource(string source, string profile) => source.ToUpperInvariant() switch
    {
        "ENVIRONMENT" => OfVariables()
            ?? throw new UserException($"{profile} takes credentials from variables: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "ECSCONTAINER" => OfContainer()
            ?? throw new UserException($"{profile} takes credentials from the container, but {ContainerUrl} is not set: run in one"),
        "EC2INSTANCEMETADATA" => OfInstance(
            why => $"{profile} takes credentials from the instance, which gives none ({why}): run on one with a role"),
        _ => null,
    };

    private AWSCredentials? OfVariables()
    {
        if (Variable("AWS_ACCESS_KEY_ID") is not { } key)
        {
            return null;
        }

        var secret = Variable("AWS_SECRET_ACCESS_KEY")
            ?? throw new UserException("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not: set both, or neither");
        return Variable("AWS_SESSION_TOKEN") is { } token
            ? new SessionAWSCredentials(key, secret, token)
            : new BasicAWSCredentials(key, secret);
    }

    private AssumedRole? OfWebIdentity() => Variable("AWS_WEB_IDENTITY_TOKEN_FILE") is not { } file ? null
        : Variable("AWS_ROLE_ARN") is { } role
            ? roles.OfWebIdentity(role, "AWS_ROLE_ARN", file, "AWS_WEB_IDENTITY_TOKEN_FILE", Variable("AWS_ROLE_SESSION_NAME"))
        : throw new UserException("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not: set both, or neither");

    private ExplainedCredentials? OfContainer()
    {
        var name = Variable(ContainerPath) is not null ? ContainerPath : Variable(ContainerUrl) is not null ? ContainerUrl : null;
        return name is null ? null : new ExplainedCredentials(() => new GenericContainerCredentials(), ContainerLimit, clock)
        {
            Explain = (failure, why) => failure is ArgumentException
                ? new UserException($"the variable {name} names no endpoint that may give credentials ({why}): correct it or unset it")
                : new StoreUnavailableException($"the container's endpoint ({name}) gives no credentials ({why}): try again", failure),
        };
    }

    private ExplainedCredentials OfInstance(Func<string, string> message) => new(
        () => EC2InstanceMetadata.IsIMDSEnabled
            ? new InstanceProfileAWSCredentials()
            : throw new InvalidOperationException("AWS_EC2_METADATA_DISABLED is set"),
        InstanceLimit,
        clock)
    {
        Explain = (failure, why) => new UserException(message($"{EC2InstanceMetadata.ServiceEndpoint}: {why}"), inner: failure),
    };

    private string NoneAnywhere(string why)
    {
        var profile = settings.Profiles.Selected is null
            ? "there is no profile; "
            : $"{AwsProfiles.Place(settings.Profiles.Name)} holds none; ";
        return "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role "
            + $"({profile}the instance metadata service gives none: {why})";
    }

    private string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;
}
