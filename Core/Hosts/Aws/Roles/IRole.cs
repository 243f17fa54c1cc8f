using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Logging;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>One of the four functions of the deployment.</summary>
internal interface IRole
{
    /// <summary>Handles one event.</summary>
    /// <param name="invocation">The event.</param>
    /// <param name="log">The log, about this invocation.</param>
    /// <param name="cancellationToken">Is cancelled a while before the invocation's deadline.</param>
    /// <exception cref="Exception">The event was not handled: AWS gets an error, so that it tries again.</exception>
    ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken);
}
