namespace IacCi.Core.Code.Git;

/// <summary>What holds for all repositories of one process.</summary>
internal sealed record GitOptions
{
    /// <summary>Where <c>owner/name</c> is found: the public GitHub, or an Enterprise Server.</summary>
    public string BaseUrl { get; init; } = "https://github.com";

    /// <summary>The one server that tokens are sent to; null for that of <see cref="BaseUrl"/>.</summary>
    public string? TokenUrl { get; init; }

    /// <summary>Scheme, host and port of the server that tokens are sent to.</summary>
    public Uri TokenOrigin => new(TokenUrl ?? BaseUrl);

    /// <summary>Whether paths and <c>file://</c> URLs are read: in local runs only.</summary>
    public bool AllowLocal { get; init; }

    /// <summary>What a relative path starts from: the folder of the job file.</summary>
    public string LocalBase { get; init; } = "/";

    /// <summary>Where clones stand until the source is disposed.</summary>
    public string ScratchDir { get; init; } = Path.GetTempPath();

    /// <summary>Host keys of ssh hosts, in the format of known_hosts (sshd(8)), on top of this user's own and of GitHub's.</summary>
    public IReadOnlyList<string> KnownHosts { get; init; } = [];

    /// <summary>How long one fetch may take.</summary>
    public TimeSpan FetchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a call that only reads the clone may take.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromMinutes(2);
}
