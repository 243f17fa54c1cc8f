using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>Takes on roles that profiles and variables name, by STS in the region of the process.</summary>
/// <param name="settings">What clients are configured with.</param>
/// <param name="clock">The time.</param>
internal sealed class RoleSessions(ClientSettings settings, TimeProvider clock)
{
    private const string DefaultName = "iac-ci";

    /// <summary>More than any token of a web identity: STS takes 20,000 characters.</summary>
    private const int MaxTokenBytes = 64 << 10;

    /// <summary>A role that is taken on with other credentials.</summary>
    /// <param name="source">Whose.</param>
    /// <param name="options">The role, and what belongs to it.</param>
    /// <param name="named">What names it.</param>
    /// <param name="mfaCode">Gets a code, when the profile names a device.</param>
    public AssumedRole Of(AWSCredentials source, CredentialProfileOptions options, string named, Func<string> mfaCode)
    {
        var sts = new Lazy<AmazonSecurityTokenServiceClient>(() => Client(source));
        return new AssumedRole(AskAsync, Call(options.RoleArn, named, "sts:AssumeRole", "who takes it on"), clock);

        async Task<Amazon.SecurityToken.Model.Credentials> AskAsync()
        {
            var request = new AssumeRoleRequest
            {
                RoleArn = options.RoleArn,
                RoleSessionName = NameOr(options.RoleSessionName),
                ExternalId = options.ExternalID,
            };
            if (!string.IsNullOrEmpty(options.MfaSerial))
            {
                (request.SerialNumber, request.TokenCode) = (options.MfaSerial, mfaCode());
            }

            return (await sts.Value.AssumeRoleAsync(request)).Credentials;
        }
    }

    /// <summary>A role that is taken on with a token in a file, which is read anew for each session.</summary>
    /// <param name="role">The role.</param>
    /// <param name="named">What names it.</param>
    /// <param name="file">The file.</param>
    /// <param name="fileNamed">What names the file.</param>
    /// <param name="session">The session's name; null for the usual one.</param>
    public AssumedRole OfWebIdentity(string role, string named, string file, string fileNamed, string? session)
    {
        var sts = new Lazy<AmazonSecurityTokenServiceClient>(() => Client(new AnonymousAWSCredentials()));
        return new AssumedRole(AskAsync, Call(role, named, "sts:AssumeRoleWithWebIdentity", "the issuer of the token"), clock);

        async Task<Amazon.SecurityToken.Model.Credentials> AskAsync()
        {
            var token = await ReadAsync(file, fileNamed);
            return (await sts.Value.AssumeRoleWithWebIdentityAsync(new AssumeRoleWithWebIdentityRequest
            {
                RoleArn = role,
                RoleSessionName = NameOr(session),
                WebIdentityToken = token,
            })).Credentials;
        }
    }

    private AmazonSecurityTokenServiceClient Client(AWSCredentials source) =>
        new(source, settings.Prepare(() => new AmazonSecurityTokenServiceConfig(), "STS"));

    private static AwsCall Call(string role, string named, string permission, string trusted) =>
        new($"the role {Printable.Line(role, 200)} ({named})", $"{permission} on it, and let it trust {trusted}");

    private static string NameOr(string? session) => string.IsNullOrEmpty(session) ? DefaultName : session;

    private static async Task<string> ReadAsync(string file, string named)
    {
        try
        {
            if (new FileInfo(file).Length > MaxTokenBytes)
            {
                throw new UserException($"{Printable.Word(file)} ({named}) is larger than a token: name the right file");
            }

            var token = (await File.ReadAllTextAsync(file)).Trim();
            return token.Length > 0 ? token : throw new UserException($"{Printable.Word(file)} ({named}) is empty: renew the token in it");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"the token {Printable.Word(file)} ({named}) cannot be read ({AwsErrors.Detail(wrong)}): name the right file, or renew it",
                inner: wrong);
        }
    }
}
