using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>What a role says of an event.</summary>
/// <param name="Json">The answer.</param>
/// <param name="ExitCode">How the process ends when it handles this one event alone.</param>
internal sealed record RoleAnswer(ReadOnlyMemory<byte> Json, ExitCode ExitCode);
