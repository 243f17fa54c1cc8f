using System.Globalization;
using System.Xml.Linq;
using Amazon.Runtime;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// STS: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. The names are those of AWSSDK.SecurityToken, which can
/// replace this file.
/// </summary>
/// <param name="config">The configuration.</param>
internal sealed class AmazonSecurityTokenServiceClient(ServiceConfig config) : ServiceClient(config)
{
    private const string Version = "2011-06-15";

    private static readonly XNamespace Names = "https://sts.amazonaws.com/doc/2011-06-15/";

    /// <summary>A configuration without region.</summary>
    public static ServiceConfig NewConfig() => new("STS", "sts");

    /// <summary>Takes on a role.</summary>
    public Task<AssumeRoleResponse> AssumeRoleAsync(AssumeRoleRequest request, CancellationToken cancellationToken) => QueryAsync(
        request,
        Version,
        new Dictionary<string, string>
        {
            ["Action"] = "AssumeRole",
            ["RoleArn"] = request.RoleArn,
            ["RoleSessionName"] = request.RoleSessionName,
            ["DurationSeconds"] = request.DurationSeconds.ToString(CultureInfo.InvariantCulture),
        },
        Read,
        cancellationToken);

    private static AssumeRoleResponse Read(XDocument answer)
    {
        var credentials = answer.Descendants(Names + "Credentials").FirstOrDefault()
            ?? throw new AmazonClientException("STS answered without credentials");
        return new AssumeRoleResponse
        {
            AccessKeyId = Text("AccessKeyId"),
            SecretAccessKey = Text("SecretAccessKey"),
            SessionToken = Text("SessionToken"),
            Expiration = DateTimeOffset.Parse(Text("Expiration"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        };

        string Text(string name) => credentials.Element(Names + name)?.Value
            ?? throw new AmazonClientException($"STS answered without {name}");
    }
}

/// <summary>Takes on a role.</summary>
internal sealed class AssumeRoleRequest : AmazonWebServiceRequest
{
    /// <summary>Which.</summary>
    public required string RoleArn { get; init; }

    /// <summary>What the session is called in logs.</summary>
    public required string RoleSessionName { get; init; }

    /// <summary>How long it lasts, in seconds.</summary>
    public required int DurationSeconds { get; init; }
}

/// <summary>The credentials of a session.</summary>
internal sealed class AssumeRoleResponse : AmazonWebServiceResponse
{
    /// <summary>The id of its key.</summary>
    public string AccessKeyId { get; init; } = "";

    /// <summary>Its key.</summary>
    public string SecretAccessKey { get; init; } = "";

    /// <summary>Its token.</summary>
    public string SessionToken { get; init; } = "";

    /// <summary>When they end.</summary>
    public DateTimeOffset Expiration { get; init; }
}
