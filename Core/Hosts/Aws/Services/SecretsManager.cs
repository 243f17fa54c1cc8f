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
            var text = json.RootElement.TryGetProperty("SecretString", out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
            return new GetSecretValueResponse { SecretString = text };
        },
        cancellationToken);
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
