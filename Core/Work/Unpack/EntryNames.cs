namespace IacCi.Core.Work.Unpack;

/// <summary>Names out of an archive, for people.</summary>
internal static class EntryNames
{
    /// <summary>The same with <c>?</c> for every control character: a terminal would obey them.</summary>
    internal static string ReplaceControls(this string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
