namespace IacCi.Core.Secrets.Sops;

/// <summary>Where a value stands, as sops sees it: the names on the way to it; positions in lists do not count.</summary>
/// <param name="Binding">What an encrypted value is bound to: each name followed by a colon.</param>
/// <param name="Matched">Whether a name on the way matched the file's rule.</param>
internal readonly record struct SopsPath(string Binding, bool Matched)
{
    /// <summary>The top of the file.</summary>
    public static SopsPath Top { get; } = new("", false);

    /// <summary>Where the comments of a flat file stand: sops ends each place with a colon, also that without a name.</summary>
    public static SopsPath Comment { get; } = new(":", false);

    /// <summary>The place for a message.</summary>
    public override string ToString() => $"the value of '{(Binding.EndsWith(':') ? Binding[..^1] : Binding)}'";

    /// <summary>The place of a name below this one.</summary>
    public SopsPath Below(string name, SopsRule rule) => new($"{Binding}{name}:", Matched || rule.Matches(name));
}
