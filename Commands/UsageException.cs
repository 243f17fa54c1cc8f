using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>Options that do not go together, or one that is missing: the message is followed by where to find the command's help.</summary>
internal sealed class UsageException(string message) : UserException(message);
