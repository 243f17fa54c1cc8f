using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.RuntimeDependencies;
using Amazon.SSO;
using Amazon.SSOOIDC;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// Credentials of IAM Identity Center, from the session that <c>aws sso login</c> keeps in <c>~/.aws/sso/cache</c> and that is renewed here
/// when it can be (https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html).
/// </summary>
internal static class SsoCredentials
{
    /// <summary>How long renewing the session and getting credentials may take, with the repetitions of the SDK.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Credentials of a profile with the settings <c>sso_*</c>.</summary>
    /// <exception cref="UserException">Some are missing.</exception>
    public static AWSCredentials Of(string name, CredentialProfileOptions options, ClientSettings settings, TimeProvider clock)
    {
        var place = AwsProfiles.Place(name);
        Require(options, place);
        return new ExplainedCredentials(() => Make(options, settings), Limit, clock)
        {
            Explain = (failure, why) => Explained(failure, why, name, place, options),
        };
    }

    private static void Require(CredentialProfileOptions options, string place)
    {
        var session = string.IsNullOrEmpty(options.SsoSession) ? "" : $" in [sso-session {Printable.Line(options.SsoSession, 80)}]";
        (string? Value, string Name)[] needed =
            [
                (options.SsoAccountId, "sso_account_id"), (options.SsoRoleName, "sso_role_name"),
                (options.SsoRegion, "sso_region" + session), (options.SsoStartUrl, "sso_start_url" + session),
            ];
        var missing = needed.Where(setting => string.IsNullOrWhiteSpace(setting.Value)).Select(setting => setting.Name).ToArray();
        if (missing.Length > 0)
        {
            throw new UserException($"{place} lacks {string.Join(", ", missing)}: add what 'aws configure sso' writes");
        }

        _ = ClientSettings.Checked(options.SsoRegion, $"sso_region{session} of {place}");
    }

    /// <summary>The SDK finds these clients by reflection, which a native program does not have, unless they are registered.</summary>
    private static SSOAWSCredentials Make(CredentialProfileOptions options, ClientSettings settings)
    {
        var registry = GlobalRuntimeDependencyRegistry.Instance;
        registry.RegisterSSOClient(_ => new AmazonSSOClient(
            new AnonymousAWSCredentials(), settings.Prepare(() => new AmazonSSOConfig(), "SSO", options.SsoRegion)));
        registry.RegisterSSOOIDCClient(_ => new AmazonSSOOIDCClient(
            new AnonymousAWSCredentials(), settings.Prepare(() => new AmazonSSOOIDCConfig(), "SSO_OIDC", options.SsoRegion)));
        return new SSOAWSCredentials(
            options.SsoAccountId, options.SsoRegion, options.SsoRoleName, options.SsoStartUrl,
            new SSOAWSCredentialsOptions { SessionName = options.SsoSession });
    }

    private static Exception Explained(Exception failure, string why, string name, string place, CredentialProfileOptions options)
    {
        if (ExplainedCredentials.IsTransient(failure))
        {
            return new StoreUnavailableException(
                $"IAM Identity Center does not answer for {place} ({why}): try again; if it lasts, look at sso_region and the network",
                failure);
        }

        var answer = ExplainedCredentials.AnswerIn(failure);
        return new UserException(
            answer is { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.NotFound }
                ? $"{place} may not use the role {Printable.Word(options.SsoRoleName)} of the account "
                    + $"{Printable.Word(options.SsoAccountId)} ({why}): correct sso_role_name and sso_account_id, or have the role assigned"
                : $"{place} has no valid session of IAM Identity Center ({why}): sign in with "
                    + $"'aws sso login --profile {Printable.Line(name, 80)}'",
            inner: failure);
    }
}
