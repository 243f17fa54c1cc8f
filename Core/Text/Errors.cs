namespace IacCi.Core.Text;

/// <summary>How a command ends: what scripts can tell apart.</summary>
internal enum ExitCode
{
    /// <summary>The job succeeded.</summary>
    Succeeded = 0,

    /// <summary>The job failed.</summary>
    Failed = 1,

    /// <summary>Wrong usage or invalid input; nothing was started.</summary>
    Invalid = 2,

    /// <summary>The job timed out.</summary>
    TimedOut = 3,

    /// <summary>Interrupted or cancelled.</summary>
    Cancelled = 4,

    /// <summary>A fault of our own (EX_SOFTWARE of sysexits.h).</summary>
    Fault = 70,
}

/// <summary>
/// What can go wrong in use: the message is for a person and says what happened, where, and what to do. It holds no secret.
/// </summary>
internal class UserException(string message, ExitCode exitCode = ExitCode.Invalid, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How the command ends.</summary>
    public ExitCode ExitCode { get; } = exitCode;
}

/// <summary>A store did not answer, or was throttled for longer than it is retried. The call may be made again.</summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
}
