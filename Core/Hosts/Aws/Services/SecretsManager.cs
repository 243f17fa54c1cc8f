using System.Text.Json;
using Amazon.Runtime;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/apireference/. The names are those of AWSSDK.SecretsManager, which
/// can replace this file.
/// </summary>
/// <param name="config">The configuration.</param>
internal sealed class AmazonSecretsManagerClient(ServiceConfig config) : ServiceClient(config)
{
    /// <summary>A configuration without region.</summary>
    public static ServiceConfig NewConfig() => new("Secrets Manager", "secretsmanager");

    /// <summary>Reads the current version of a secret.</summary>
    public Task<GetSecretValueResponse> GetSecretValueAsync(GetSecretValueRequest request, CancellationToken cancellationToken) =>
        CallAsync(
        request,
        Json("1.1", "secretsmanager.GetSecretValue", json => json.WriteString("SecretId", request.SecretId)),
        answer =>
        {
            using var json = answer.Json();
            return new GetSecretValueResponse { SecretString = TextOf(json.RootElement) };
        },
        cancellationToken);

    /// <summary>Reads the current versions of several secrets. Those that cannot be read are left out of the answer.</summary>
    public Task<BatchGetSecretValueResponse> BatchGetSecretValueAsync(
        BatchGetSecretValueRequest request, CancellationToken cancellationToken) => CallAsync(
        request,
        Json("1.1", "secretsmanager.BatchGetSecretValue", json =>
        {
            json.WriteStartArray("SecretIdList");
            request.SecretIdList.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }),
        answer =>
        {
            using var json = answer.Json();
            return new BatchGetSecretValueResponse { SecretValues = [.. SecretsOf(json.RootElement)] };
        },
        cancellationToken);

    private static IEnumerable<SecretValueEntry> SecretsOf(JsonElement answer)
    {
        if (!answer.TryGetProperty("SecretValues", out var entries) || entries.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (var entry in entries.EnumerateArray())
        {
            if (entry.TryGetProperty("Name", out var name) && TextOf(entry) is { } text)
            {
                yield return new SecretValueEntry(name.GetString()!, text);
            }
        }
    }

    private static string? TextOf(JsonElement secret) =>
        secret.TryGetProperty("SecretString", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}

/// <summary>Reads several secrets.</summary>
internal sealed class BatchGetSecretValueRequest : AmazonWebServiceRequest
{
    /// <summary>The most secrets of one request.</summary>
    public const int MaxSecrets = 20;

    /// <summary>Their names or ARNs.</summary>
    public required List<string> SecretIdList { get; init; }
}

/// <summary>Secrets.</summary>
internal sealed class BatchGetSecretValueResponse : AmazonWebServiceResponse
{
    /// <summary>Those that are text and could be read.</summary>
    public IReadOnlyList<SecretValueEntry> SecretValues { get; init; } = [];
}

/// <summary>One of several secrets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SecretString">Its text.</param>
internal sealed record SecretValueEntry(string Name, string SecretString)
{
    /// <summary>Says nothing of the value.</summary>
    public override string ToString() => Name;
}

/// <summary>Reads a secret.</summary>
internal sealed class GetSecretValueRequest : AmazonWebServiceRequest
{
    /// <summary>Its name or ARN.</summary>
    public required string SecretId { get; init; }
}

/// <summary>A secret.</summary>
internal sealed class GetSecretValueResponse : AmazonWebServiceResponse
{
    /// <summary>Its text; null when it is binary.</summary>
    public string? SecretString { get; init; }
}
