namespace IacCi.Core.Reporting.Vcs;

/// <summary>What came of a call to a hosting service.</summary>
internal abstract record VcsResult<T>
{
    private VcsResult()
    {
    }

    /// <summary>It did what was asked.</summary>
    public sealed record Ok(T Value) : VcsResult<T>;

    /// <summary>It did not, or nobody knows.</summary>
    public sealed record Failed(VcsFailure Failure) : VcsResult<T>;

    /// <summary>The failure, or null.</summary>
    public VcsFailure? FailureOrNull => (this as Failed)?.Failure;

    /// <summary>The same with another value.</summary>
    public VcsResult<TOther> Map<TOther>(Func<T, TOther> convert) => this switch
    {
        Ok ok => new VcsResult<TOther>.Ok(convert(ok.Value)),
        Failed failed => new VcsResult<TOther>.Failed(failed.Failure),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>Why a call did not do what was asked.</summary>
internal enum VcsFailureKind
{
    /// <summary>There is no such repo, thread, comment or commit, or the token may not see it.</summary>
    NotFound,

    /// <summary>The token is not (or no longer) valid, or may not do this.</summary>
    Denied,

    /// <summary>The service does not take the request as it is; the same again would fail the same way.</summary>
    Rejected,

    /// <summary>The service wants us to wait for longer than we may; nothing was changed.</summary>
    RateLimited,

    /// <summary>The service could not be reached, or answered with errors of its own, for as long as it was tried.</summary>
    Unavailable,

    /// <summary>
    /// The connection broke, or the service failed, with a request under way that may not be repeated: perhaps it was done.
    /// </summary>
    Unknown,
}

/// <summary>Why a call did not do what was asked, for programs and for people.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Message">For people: what happened, where, what to do. It holds no token.</param>
/// <param name="RetryAt">When the service said that it can be asked again, or null.</param>
internal sealed record VcsFailure(VcsFailureKind Kind, string Message, DateTimeOffset? RetryAt = null);
