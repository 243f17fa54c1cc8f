using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Credentials.Internal;
using Amazon.Runtime.Endpoints;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Transform;
using Amazon.SimpleSystemsManagement;
using Amazon.Util.Internal;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// A client of one AWS service on the SDK's own pipeline: credentials, signatures, retries, timeouts and configured endpoints are the
/// SDK's; only the few operations that the engine calls are written here.
/// </summary>
/// <param name="config">The configuration.</param>
internal abstract class ServiceClient(ServiceConfig config) : AmazonServiceClient(config)
{
    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        pipeline.AddHandlerAfter<Marshaller>(new ServiceEndpoints());
        pipeline.AddHandlerAfter<Marshaller>(new ServiceAuth());
    }

    /// <summary>Calls an operation.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="fill">Fills in method, path, headers and body.</param>
    /// <param name="read">Reads the answer's body, which may be empty.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="AmazonServiceException">The service refused; its <c>ErrorCode</c> is the service's own.</exception>
    private protected Task<TResponse> CallAsync<TResponse>(
        AmazonWebServiceRequest request, Action<IRequest> fill, Func<ServiceAnswer, TResponse> read, CancellationToken cancellationToken)
        where TResponse : AmazonWebServiceResponse, new() =>
        InvokeAsync<TResponse>(
            request,
            new InvokeOptions
            {
                RequestMarshaller = new ServiceMarshaller(config.ServiceId, fill),
                ResponseUnmarshaller = new ServiceUnmarshaller(answer => read(answer)),
            },
            cancellationToken);

    /// <summary>Fills in a call of the JSON 1.0 or 1.1 protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html.</summary>
    private protected static Action<IRequest> Json(string version, string target, Action<Utf8JsonWriter> write) => request =>
    {
        request.HttpMethod = "POST";
        request.ResourcePath = "/";
        request.Headers["X-Amz-Target"] = target;
        request.Headers["Content-Type"] = "application/x-amz-json-" + version;
        request.Content = JsonText.Object(write).ToArray();
    };
}

/// <summary>What an answer holds.</summary>
/// <param name="Body">Its body, which may be empty.</param>
/// <param name="Header">Gives a header of it; null or nothing where there is none.</param>
internal readonly record struct ServiceAnswer(ReadOnlyMemory<byte> Body, Func<string, string?> Header)
{
    /// <summary>The service's name for the call, or null.</summary>
    public string? RequestId => Header("x-amzn-RequestId");

    /// <summary>The body as JSON.</summary>
    public JsonDocument Json() => JsonDocument.Parse(Body.IsEmpty ? "{}"u8.ToArray() : Body);
}

/// <summary>The configuration of a <see cref="ServiceClient"/>.</summary>
internal sealed class ServiceConfig : ClientConfig
{
    private readonly string _endpointName;

    /// <summary>Describes a service.</summary>
    /// <param name="serviceId">The service's id, which its <c>AWS_ENDPOINT_URL_...</c> variable is made of.</param>
    /// <param name="endpointName">The first part of its host names, and its name in signatures.</param>
    public ServiceConfig(string serviceId, string endpointName)
        : base(new DefaultConfigurationProvider(AmazonSimpleSystemsManagementDefaultConfiguration.GetAllConfigurations()))
    {
        _endpointName = endpointName;
        ServiceId = serviceId;
        AuthenticationServiceName = endpointName;
        EndpointProvider = new ServiceEndpointProvider(this);
    }

    /// <inheritdoc/>
    public override string ServiceVersion => "";

    /// <inheritdoc/>
    public override string UserAgent { get; } = InternalSDKUtils.BuildUserAgentString("iac-ci", "1.0");

    /// <inheritdoc/>
    public override string RegionEndpointServiceName => _endpointName;

    /// <inheritdoc/>
    public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => Resolve();

    /// <summary>The configured endpoint, or the region's.</summary>
    internal Endpoint Resolve() =>
        new(ServiceURL ?? "https://" + ServiceHosts.Of(_endpointName, RegionEndpoint, UseFIPSEndpoint, UseDualstackEndpoint));
}

/// <summary>Finds the endpoint in the configuration alone.</summary>
internal sealed class ServiceEndpointProvider(ServiceConfig config) : IEndpointProvider
{
    public Endpoint ResolveEndpoint(EndpointParameters parameters) => config.Resolve();
}

/// <summary>The pipeline's step that sets the endpoint; there is nothing that a request could add to it.</summary>
internal sealed class ServiceEndpoints : BaseEndpointResolver
{
    protected override EndpointParameters MapEndpointsParameters(IRequestContext requestContext) => new();
}

/// <summary>The pipeline's step that chooses the signature: always version 4.</summary>
internal sealed class ServiceAuth : BaseAuthResolverHandler
{
    protected override List<IAuthSchemeOption> ResolveAuthOptions(IExecutionContext executionContext) => AuthSchemeOption.DEFAULT_SIGV4;
}

/// <summary>Makes the HTTP request.</summary>
internal sealed class ServiceMarshaller(string service, Action<IRequest> fill) : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var request = new DefaultRequest(input, service);
        fill(request);
        return request;
    }
}

/// <summary>Reads the HTTP answer. Error codes and messages are read as the SDK reads them.</summary>
internal sealed class ServiceUnmarshaller(Func<ServiceAnswer, AmazonWebServiceResponse> read) : JsonResponseUnmarshaller
{
    private const int MaxBodyBytes = 8 << 20;

    public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input)
    {
        using var body = new MemoryStream();
        input.Stream.CopyTo(body);
        return body.Length <= MaxBodyBytes
            ? read(new ServiceAnswer(body.ToArray(), input.ResponseData.GetHeaderValue))
            : throw new AmazonClientException($"the answer is larger than {MaxBodyBytes:N0} bytes");
    }

    public override AmazonServiceException UnmarshallException(
        JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
    {
        var reader = new Amazon.Runtime.Internal.Util.StreamingUtf8JsonReader(input.Stream);
        var error = JsonErrorResponseUnmarshaller.GetInstance().Unmarshall(input, ref reader);
        return new AmazonServiceException(error.Message, innerException, error.Type, error.Code, error.RequestId, statusCode);
    }
}
