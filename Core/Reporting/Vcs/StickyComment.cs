namespace IacCi.Core.Reporting.Vcs;

/// <summary>
/// Keeps one comment per run: found by the id that was remembered, else by its last line, else made anew. Only one caller
/// per run may be at it at a time.
/// </summary>
internal static class StickyComment
{
    /// <summary>How far the service's clock may be behind ours when a comment is looked for by the time of the run.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    /// <summary>Makes the comment say this text.</summary>
    /// <param name="vcs">The service.</param>
    /// <param name="thread">The pull request or issue.</param>
    /// <param name="knownId">The comment's id, when it was remembered.</param>
    /// <param name="text">The whole text; its last line is what the comment is found by.</param>
    /// <param name="runCreatedAt">When the run was accepted: no comment of it is older.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>The comment, whose id is to be remembered.</returns>
    public static async ValueTask<VcsResult<VcsComment>> UpsertAsync(
        IVcs vcs, VcsThread thread, string? knownId, string text, DateTimeOffset runCreatedAt, CancellationToken cancellationToken)
    {
        if (knownId is not null)
        {
            var updated = await vcs.UpdateCommentAsync(thread, knownId, text, cancellationToken);
            if (updated.FailureOrNull?.Kind != VcsFailureKind.NotFound)
            {
                return updated;
            }
        }

        var lastLine = LastLine(text);
        var since = runCreatedAt - ClockTolerance;
        var found = await UpdateFoundAsync(vcs, thread, lastLine, text, since, cancellationToken);
        return found ?? await CreateAsync(vcs, thread, lastLine, text, since, cancellationToken);
    }

    /// <summary>
    /// The last line of a text, without the white space that services add or take away, and without what makes it small code: comments
    /// of earlier versions have it as it is.
    /// </summary>
    public static string LastLine(string text)
    {
        const string small = "<sub>", end = "</sub>";
        var trimmed = text.AsSpan().TrimEnd();
        var line = trimmed[(trimmed.LastIndexOf('\n') + 1)..].Trim();
        if (!line.StartsWith(small) || !line.EndsWith(end) || line.Length < small.Length + end.Length)
        {
            return line.ToString();
        }

        line = line[small.Length..^end.Length];
        var signs = line.IndexOfAnyExcept('`');
        line = signs > 0 && line.Length > 2 * signs ? line[signs..^signs] : line;
        return (line.Length > 2 && line[0] == ' ' && line[^1] == ' ' ? line[1..^1] : line).ToString();
    }

    /// <summary>Null when there is no comment that could be brought up to date.</summary>
    private static async ValueTask<VcsResult<VcsComment>?> UpdateFoundAsync(
        IVcs vcs, VcsThread thread, string lastLine, string text, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var search = await vcs.FindCommentAsync(thread, lastLine, since, cancellationToken);
        if (search is VcsResult<VcsComment?>.Failed failed)
        {
            return new VcsResult<VcsComment>.Failed(failed.Failure);
        }

        if (search is not VcsResult<VcsComment?>.Ok { Value: { } comment })
        {
            return null;
        }

        // Deleted since, or somebody else's comment that quotes our last line: ours is made anew.
        var updated = await vcs.UpdateCommentAsync(thread, comment.Id, text, cancellationToken);
        return updated.FailureOrNull?.Kind is VcsFailureKind.NotFound or VcsFailureKind.Denied ? null : updated;
    }

    private static async ValueTask<VcsResult<VcsComment>> CreateAsync(
        IVcs vcs, VcsThread thread, string lastLine, string text, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var created = await vcs.CreateCommentAsync(thread, text, cancellationToken);
        if (created.FailureOrNull?.Kind != VcsFailureKind.Unknown)
        {
            return created;
        }

        // Perhaps it was written. Not there: the failure stands, and a later pass tries again.
        var search = await vcs.FindCommentAsync(thread, lastLine, since, cancellationToken);
        return search is VcsResult<VcsComment?>.Ok { Value: { } comment } ? new VcsResult<VcsComment>.Ok(comment) : created;
    }
}
