using IacCi.Core.Projects.Hcl;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Facts;

/// <summary>Which files are looked into, and how.</summary>
internal static class FactReader
{
    /// <summary>The largest file that is looked into, in bytes.</summary>
    public const int MaxFileBytes = 4 << 20;

    public const string TerragruntFile = "terragrunt.hcl";

    /// <summary>How a file is read, by its name.</summary>
    public static FileLanguage LanguageOf(string name) =>
        name == TerragruntFile ? FileLanguage.Terragrunt
        : name.EndsWith(".tf", StringComparison.Ordinal) || name.EndsWith(".tofu", StringComparison.Ordinal) ? FileLanguage.Hcl
        : name.EndsWith(".tf.json", StringComparison.Ordinal) || name.EndsWith(".tofu.json", StringComparison.Ordinal) ? FileLanguage.Json
        : FileLanguage.None;

    /// <summary>Reads a file.</summary>
    /// <param name="language">How.</param>
    /// <param name="content">Its bytes; null when it is larger than <see cref="MaxFileBytes"/>.</param>
    public static FileFacts Read(FileLanguage language, ReadOnlyMemory<byte>? content) => (language, content) switch
    {
        (_, null) => new FileFacts
        {
            Error = new HclError(1, 1, $"it has more than {Plural.Number(MaxFileBytes)} bytes; split it"),
        },
        (FileLanguage.Json, { } bytes) => JsonFacts.Of(bytes.Span),
        (FileLanguage.Terragrunt, { } bytes) => HclFacts.OfTerragrunt(bytes.Span),
        (_, { } bytes) => HclFacts.OfTerraform(bytes.Span),
    };
}
