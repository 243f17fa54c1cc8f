namespace IacCi.Core.Code;

/// <summary>Which code an order runs.</summary>
internal abstract record CodeRequest
{
    private CodeRequest()
    {
    }

    /// <summary>A folder of this machine.</summary>
    /// <param name="Path">The folder.</param>
    /// <param name="StateDir">The state folder, which is left out wherever it stands in it; null when there is none.</param>
    public sealed record Folder(string Path, string? StateDir) : CodeRequest;

    /// <summary>A repository at a commit.</summary>
    /// <param name="Repo"><c>owner/name</c>, an https or ssh URL; in local runs also a path or a <c>file://</c> URL.</param>
    /// <param name="Commit">The commit, whole or its first digits (at least 4); null for the head of the default branch.</param>
    /// <param name="GitFolder">The folder of the repository that is taken; null for all of it.</param>
    /// <param name="Credentials">How to be let in; null for a public repository, or one that this machine can read anyway.</param>
    public sealed record Repository(
        string Repo, string? Commit = null, string? GitFolder = null, GitCredentials? Credentials = null) : CodeRequest;
}

/// <summary>What opens a private repository. It never shows itself.</summary>
/// <param name="Token">For https: a token, sent as a header to the repository's own host alone.</param>
/// <param name="SshKey">For ssh: a private key in OpenSSH's or PEM format, without a passphrase.</param>
internal sealed record GitCredentials(string? Token, string? SshKey = null)
{
    /// <summary>Only which of them there are.</summary>
    public override string ToString() => $"GitCredentials(token: {Token is not null}, ssh key: {SshKey is not null})";

}

/// <summary>Where the code of orders comes from.</summary>
internal interface ICodeSource
{
    /// <summary>The code that is asked for. The same request gives the same archive, made once, however many ask at a time.</summary>
    /// <exception cref="Text.UserException">It cannot be had, is too large, or leads out of its folder; the message says where and what to
    /// do.</exception>
    Task<CodeArchive> ReadAsync(CodeRequest request, CancellationToken cancellationToken);
}
