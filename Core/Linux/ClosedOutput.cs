namespace IacCi.Core.Linux;

/// <summary>
/// Tells when nobody reads standard output any more, as after <c>| head -1</c>: the runtime's console swallows the error of a write.
/// </summary>
internal static class ClosedOutput
{
    private const int StandardOutput = 1;

    /// <summary>POLLERR of poll(2): the reader's end of a pipe is closed. It is told whether it was asked for or not.</summary>
    private const short Error = 8;

    /// <summary>Whether standard output is a pipe that nobody reads.</summary>
    public static unsafe bool IsClosed()
    {
        var poll = new Posix.PollFd { Fd = StandardOutput };
        return Posix.Poll(&poll, 1, 0) > 0 && (poll.Returned & Error) != 0;
    }
}
