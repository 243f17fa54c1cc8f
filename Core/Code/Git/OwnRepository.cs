namespace IacCi.Core.Code.Git;

/// <summary>Calls of git in a repository of our own, which say the same on every machine.</summary>
internal static class OwnRepository
{
    /// <summary>The most bytes of an answer: a list of about a million files.</summary>
    private const int MaxOutputBytes = 128 << 20;

    private static readonly (string Key, string Value)[] Config =
    [
        ("core.excludesFile", "/dev/null"),
        ("core.attributesFile", "/dev/null"),
        ("core.compression", "0"), // What is written is thrown away.
        ("core.fsync", "none"),
        ("core.safecrlf", "false"),
        ("core.untrackedCache", "false"),
        ("advice.addEmbeddedRepo", "false"),
        ("index.threads", "1"),
        ("merge.directoryRenames", "false"),
    ];

    private static readonly Dictionary<string, string> Author = new()
    {
        ["GIT_AUTHOR_NAME"] = "iac-ci",
        ["GIT_AUTHOR_EMAIL"] = "iac-ci@localhost",
        ["GIT_AUTHOR_DATE"] = "@0 +0000",
        ["GIT_COMMITTER_NAME"] = "iac-ci",
        ["GIT_COMMITTER_EMAIL"] = "iac-ci@localhost",
        ["GIT_COMMITTER_DATE"] = "@0 +0000",
    };

    /// <summary>A call in the repository in this folder.</summary>
    public static GitCall Call(string folder, IReadOnlyList<string> arguments, TimeSpan timeout) =>
        new([$"--git-dir={folder}", .. arguments], timeout) { Config = Config, Variables = Author, MaxOutputBytes = MaxOutputBytes };
}
