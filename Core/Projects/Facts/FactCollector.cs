using IacCi.Core.Projects.Hcl;

namespace IacCi.Core.Projects.Facts;

/// <summary>Collects what the blocks of one file say.</summary>
internal sealed class FactCollector
{
    /// <summary>Functions whose first argument is a file (https://developer.hashicorp.com/terraform/language/functions).</summary>
    private static readonly HashSet<string> FileFunctions = new(StringComparer.Ordinal)
    {
        "file", "fileexists", "filebase64", "filebase64sha256", "filebase64sha512", "filemd5", "filesha1", "filesha256", "filesha512",
        "templatefile", "read_terragrunt_config", "sops_decrypt_file",
    };

    /// <summary>
    /// Attributes that mostly hold a path: of <c>archive_file</c>, <c>aws_s3_object</c>, <c>aws_lambda_function</c> and others.
    /// </summary>
    public static readonly string[] PathAttributes = ["source_dir", "source_file", "source", "filename", "template_file"];

    public string? Backend { get; set; }

    public int? CloudLine { get; set; }

    public bool HasProviders { get; set; }

    public List<string> VersionConstraints { get; } = [];

    public List<ModuleCall> Modules { get; } = [];

    public List<PathUse> Paths { get; } = [];

    public List<ComputedPath> Computed { get; } = [];

    public List<string> Dependencies { get; } = [];

    /// <summary>Takes up the paths that functions get.</summary>
    /// <param name="file">What is looked at.</param>
    /// <param name="line">Its line in the file that it is a part of; null when it is that file.</param>
    public void AddCalls(HclFile file, int? line)
    {
        foreach (var call in file.Calls())
        {
            if (call.Name is "fileset" or "run_cmd" || FileFunctions.Contains(call.Name))
            {
                AddCall(file, call, line ?? call.Line);
            }
        }
    }

    /// <summary>Takes up a text that may be a path: it is one if something is there.</summary>
    public void AddPath(HclLiteral? value, int line)
    {
        if (value is { Text.Length: > 0 } literal && !literal.Text.Contains(':') && !IsOutside(literal))
        {
            Paths.Add(new PathUse(literal.Base, literal.Text, IsFolder: false, MustExist: true, line));
        }
    }

    /// <summary>What was collected. Most files say nothing, and share one answer.</summary>
    public FileFacts Facts(HclError? error, bool isUnit = false) => error is null && !isUnit && SaysNothing
        ? FileFacts.None
        : new FileFacts
        {
            Backend = Backend,
            CloudLine = CloudLine,
            HasProviders = HasProviders,
            IsTerragruntUnit = isUnit,
            VersionConstraints = VersionConstraints,
            Modules = Modules,
            Paths = Paths,
            Computed = Computed,
            Dependencies = Dependencies,
            Error = error,
        };

    private bool SaysNothing => Backend is null && CloudLine is null && !HasProviders && VersionConstraints.Count == 0 && Modules.Count == 0
        && Paths.Count == 0 && Computed.Count == 0 && Dependencies.Count == 0;

    private void AddCall(HclFile file, HclCall call, int line)
    {
        var first = file.SkipNewlines(call.First);
        if (call.Name == "read_terragrunt_config" && file.IsName(first, "find_in_parent_folders"))
        {
            return; // All *.hcl of the folders above count anyway.
        }

        var literal = call.Name == "run_cmd" ? null : HclLiteral.At(file, first);
        var next = literal is { } found ? file.SkipNewlines(found.End) : 0;
        if (literal is not { } path || !(file.IsSign(next, HclKind.Sign, ',') || file.IsSign(next, HclKind.Close, ')')) || IsOutside(path))
        {
            Computed.Add(new ComputedPath(call.Name + "()", line));
        }
        else if (call.Name != "fileset")
        {
            Paths.Add(new PathUse(path.Base, path.Text, IsFolder: false, MustExist: false, line));
        }
        else if (Pattern(file, next + 1) is { } pattern)
        {
            Paths.Add(new PathUse(path.Base, path.Text + "/" + pattern, IsFolder: true, MustExist: false, line));
        }
        else
        {
            Computed.Add(new ComputedPath("fileset()", line));
        }
    }

    /// <summary>The folder of a pattern, in front of its first <c>*</c>; null when the pattern is evaluated, or goes upwards.</summary>
    private static string? Pattern(HclFile file, int token)
    {
        if (HclLiteral.At(file, file.SkipNewlines(token)) is not { Base: LiteralBase.None } literal
            || literal.Text.Contains("..", StringComparison.Ordinal))
        {
            return null;
        }

        var wild = literal.Text.AsSpan().IndexOfAny("*?[{");
        var folder = (wild < 0 ? literal.Text : literal.Text[..wild]).LastIndexOf('/');
        return folder < 0 ? "" : literal.Text[..folder];
    }

    /// <summary>Whether a path is one of the machine: where it leads has nothing to do with the repository.</summary>
    private static bool IsOutside(HclLiteral path) => path.Base == LiteralBase.None && path.Text is ['/' or '~', ..];
}
