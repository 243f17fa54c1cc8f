using System.Collections.Concurrent;
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
    /// <summary>The most parameters that SSM reads with one call.</summary>
    private const int MaxParameters = 10;

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

    /// <inheritdoc/>
    /// <remarks>
    /// Plain names only: an ARN, or a name with a version, is answered under another name. When a call is refused, because one of its names
    /// is, what it asked for is left out.
    /// </remarks>
    public async ValueTask<IReadOnlyDictionary<SecretLocation, string>> ReadManyAsync(
        IReadOnlyCollection<SecretLocation> locations, CancellationToken cancellationToken)
    {
        var values = new ConcurrentDictionary<SecretLocation, string>();
        var plain = locations.Distinct().Where(location => !location.Name.Contains(':')).ToLookup(location => location.Keeper);
        var calls = NamesOf(SecretKeeper.Ssm, MaxParameters).Select(ReadParametersAsync)
            .Concat(NamesOf(SecretKeeper.SecretsManager, BatchGetSecretValueRequest.MaxSecrets).Select(ReadSecretsAsync));
        await Task.WhenAll(calls);
        return values;

        // One alone is read as one.
        IEnumerable<List<string>> NamesOf(SecretKeeper keeper, int most) =>
            plain[keeper].Select(location => location.Name).Chunk(most).Where(names => names.Length > 1).Select(names => names.ToList());

        Task ReadParametersAsync(List<string> names) => TryAsync(async () =>
        {
            var request = new GetParametersRequest { Names = names, WithDecryption = true };
            foreach (var found in (await ssm().GetParametersAsync(request, cancellationToken)).Parameters ?? [])
            {
                values[new SecretLocation(SecretKeeper.Ssm, found.Name)] = found.Value;
            }
        });

        Task ReadSecretsAsync(List<string> names) => TryAsync(async () =>
        {
            var request = new BatchGetSecretValueRequest { SecretIdList = names };
            foreach (var found in (await secretsManager().BatchGetSecretValueAsync(request, cancellationToken)).SecretValues)
            {
                values[new SecretLocation(SecretKeeper.SecretsManager, found.Name)] = found.SecretString;
            }
        });

        async Task TryAsync(Func<Task> read)
        {
            try
            {
                await read();
            }
            catch (AmazonServiceException)
            {
                // Reading each alone tells which, and why.
            }
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
