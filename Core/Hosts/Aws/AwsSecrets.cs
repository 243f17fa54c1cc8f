using Amazon.Runtime;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Secrets in SSM Parameter Store and Secrets Manager.</summary>
/// <param name="ssm">Gives the client of SSM, when it is needed.</param>
/// <param name="secretsManager">Gives the client of Secrets Manager, when it is needed.</param>
internal sealed class AwsSecrets(Func<IAmazonSimpleSystemsManagement> ssm, Func<AmazonSecretsManagerClient> secretsManager) : ISecretSource
{
    /// <inheritdoc/>
    public async ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken)
    {
        try
        {
            return location.Keeper switch
            {
                SecretKeeper.Ssm => await ReadParameterAsync(location.Name, cancellationToken),
                SecretKeeper.SecretsManager => await ReadSecretAsync(location, cancellationToken),
                _ => throw new UserException($"{location} can be read on one machine only; use aws:::ssm:<path> or aws:::secretd:<name>"),
            };
        }
        catch (AmazonServiceException missing) when (
            missing.ErrorCode is "ParameterNotFound" or "ParameterVersionNotFound" or "ResourceNotFoundException")
        {
            throw new UserException(
                $"{location}: there is no such secret in this account and region; create it, or correct the location", inner: missing);
        }
        catch (AmazonServiceException refused) when (AwsErrors.Of(refused, cancellationToken) is AwsError.Other)
        {
            throw new UserException(
                $"{location}: it cannot be read ({AwsErrors.Detail(refused)}); correct the location, its key or its state", inner: refused);
        }
        catch (Exception failure) when (AwsErrors.Explain(failure, CallOf(location), cancellationToken) is { } explained)
        {
            throw explained;
        }
    }

    private async ValueTask<string> ReadParameterAsync(string name, CancellationToken cancellationToken)
    {
        var answer = await ssm().GetParameterAsync(new GetParameterRequest { Name = name, WithDecryption = true }, cancellationToken);
        return answer.Parameter.Value;
    }

    private async ValueTask<string> ReadSecretAsync(SecretLocation location, CancellationToken cancellationToken)
    {
        var answer = await secretsManager().GetSecretValueAsync(new GetSecretValueRequest { SecretId = location.Name }, cancellationToken);
        return answer.SecretString ?? throw new UserException($"{location}: the secret is binary; store it as text (a SecretString)");
    }

    private static AwsCall CallOf(SecretLocation location) => new(
        location.ToString(),
        location.Keeper == SecretKeeper.Ssm
            ? "ssm:GetParameter, and kms:Decrypt for its key"
            : "secretsmanager:GetSecretValue, and kms:Decrypt for its key");
}
