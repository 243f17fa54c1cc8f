using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// Notes in each failure of a call whose credentials were used, so that a message about refused ones can name the profile or the variables.
/// </summary>
internal sealed class CredentialOrigin : PipelineHandler
{
    private const string Key = "iac-ci:credentials";

    /// <summary>Has all clients of this process do so that are made from now on.</summary>
    public static void Note() => RuntimePipelineCustomizerRegistry.Instance.Register(new Customizer());

    /// <summary>Whose credentials were used; null when that is not known.</summary>
    public static string? Of(Exception failure) => failure.Data[Key] as string;

    /// <inheritdoc/>
    public override async Task<T> InvokeAsync<T>(IExecutionContext executionContext)
    {
        try
        {
            return await base.InvokeAsync<T>(executionContext);
        }
        catch (AmazonServiceException refused)
        {
            refused.Data[Key] = (executionContext.RequestContext.ClientConfig.DefaultAWSCredentials as CredentialChain)?.Origin;
            throw;
        }
    }

    private sealed class Customizer : IRuntimePipelineCustomizer
    {
        /// <inheritdoc/>
        public string UniqueName => Key;

        /// <inheritdoc/>
        public void Customize(Type type, RuntimePipeline pipeline) => pipeline.AddHandler(new CredentialOrigin());
    }
}
