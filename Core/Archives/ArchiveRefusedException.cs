using IacCi.Core.Text;

namespace IacCi.Core.Archives;

/// <summary>An archive holds something that is not unpacked. The message names the entry.</summary>
internal sealed class ArchiveRefusedException(string message, Exception? inner = null) : UserException(message, inner: inner)
{
}
