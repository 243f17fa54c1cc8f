using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// Credentials as a profile describes them. Of several descriptions in one profile the first counts, in the order of the AWS CLI: a role,
/// IAM Identity Center, keys, a process.
/// </summary>
/// <param name="ofSource">Credentials that <c>credential_source</c> names, and who asks; null for an unknown word.</param>
/// <param name="roles">Takes on roles.</param>
/// <param name="settings">What clients are configured with.</param>
/// <param name="ask">Asks a person for a line; null where there is nobody.</param>
/// <param name="clock">The time.</param>
internal sealed class ProfileCredentials(
    Func<string, string, AWSCredentials?> ofSource, RoleSessions roles, ClientSettings settings, Func<string, string?> ask,
    TimeProvider clock)
{
    /// <summary>How long a <c>credential_process</c> may take: it may open a browser.</summary>
    private static readonly TimeSpan ProcessLimit = TimeSpan.FromMinutes(5);

    /// <summary>The most profiles that one leads to.</summary>
    private const int MaxSources = 10;

    private const int MaxNameChars = 80;

    /// <summary>What the profile describes; null when it describes nothing.</summary>
    /// <exception cref="UserException">It is not complete, or refers to something that is not there.</exception>
    public AWSCredentials? Find(CredentialProfile profile) => Find(profile, []);

    private AWSCredentials? Find(CredentialProfile profile, List<string> path)
    {
        var place = AwsProfiles.Place(profile.Name);
        return profile.Options switch
        {
            { RoleArn.Length: > 0, WebIdentityTokenFile: { Length: > 0 } file } options => roles.OfWebIdentity(
                options.RoleArn, $"role_arn of {place}", file, $"web_identity_token_file of {place}", options.RoleSessionName),
            { RoleArn.Length: > 0 } options => Role(profile.Name, options, place, path),
            { SsoAccountId.Length: > 0 } or { SsoRoleName.Length: > 0 } or { SsoSession.Length: > 0 } or { SsoStartUrl.Length: > 0 } =>
                SsoCredentials.Of(profile.Name, profile.Options, settings, clock),
            { AccessKey.Length: > 0 } or { SecretKey.Length: > 0 } => Keys(profile.Options, place),
            { LoginSession.Length: > 0 } => throw new UserException(
                $"{place} has a session of 'aws login' (login_session), which this program cannot use itself: let the AWS CLI give its "
                    + "credentials, by a profile with the line "
                    + $"'credential_process = aws configure export-credentials --profile {Printable.Line(profile.Name, MaxNameChars)}'"),
            { CredentialProcess: { Length: > 0 } command } => Process(command, place),
            _ => null,
        };
    }

    private static AWSCredentials Keys(CredentialProfileOptions options, string place) => options switch
    {
        { AccessKey: null or "" } => throw Half(place, "aws_secret_access_key", "aws_access_key_id"),
        { SecretKey: null or "" } => throw Half(place, "aws_access_key_id", "aws_secret_access_key"),
        { Token.Length: > 0 } => new SessionAWSCredentials(options.AccessKey, options.SecretKey, options.Token),
        _ => new BasicAWSCredentials(options.AccessKey, options.SecretKey),
    };

    private ExplainedCredentials Process(string command, string place) => new(() => new ProcessAWSCredentials(command), ProcessLimit, clock)
    {
        Explain = (failure, why) => new UserException(
            $"credential_process of {place} gives no credentials ({why}): run it by hand and mend what it says", inner: failure),
    };

    private AssumedRole Role(string name, CredentialProfileOptions options, string place, List<string> path)
    {
        var source = (options.SourceProfile, options.CredentialSource) switch
        {
            ({ Length: > 0 }, { Length: > 0 }) =>
                throw new UserException($"{place} has both source_profile and credential_source: keep one of them"),
            ({ Length: > 0 } other, _) => OfOther(name, other, options, place, [.. path, name]),
            (_, { Length: > 0 } word) => ofSource(word, place) ?? throw new UserException(
                $"credential_source of {place} is {Printable.Word(word)}: write Environment, Ec2InstanceMetadata or EcsContainer"),
            _ => throw new UserException(
                $"{place} has role_arn, but neither source_profile nor credential_source, which says who takes the role on: add one"),
        };
        return roles.Of(source, options, $"role_arn of {place}", () => MfaCode.Ask(options.MfaSerial, place, ask));
    }

    private AWSCredentials OfOther(string name, string other, CredentialProfileOptions options, string place, List<string> path)
    {
        if (other == name && options is { AccessKey.Length: > 0 })
        {
            return Keys(options, place);
        }

        if (path.Contains(other) || path.Count > MaxSources)
        {
            var way = string.Join(" -> ", path.Append(other).Select(one => Printable.Line(one, MaxNameChars)));
            throw new UserException(
                $"source_profile of {place} leads in a circle or too far ({way}): let it end at a profile with credentials of its own");
        }

        var profile = AwsProfiles.Find(other) ?? throw new UserException(AwsProfiles.Missing(other, $"source_profile of {place}"));
        return Find(profile, path) ?? throw new UserException(
            $"{AwsProfiles.Place(other)} (source_profile of {Printable.Word(name)}) holds no credentials: add some");
    }

    private static UserException Half(string place, string there, string missing) => new($"{place} has {there} without {missing}; add it");
}
