using IacCi.Core.Jobs;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Access;

/// <summary>What a location in a job is read for.</summary>
internal enum ReadPurpose
{
    /// <summary>A variable of an order's commands: <c>ssm_paths</c>, <c>secret_manager_paths</c>.</summary>
    OrderSecret,

    /// <summary>The key an order's bundle is encrypted to: <c>sops_key_ssm_path</c>.</summary>
    OrderKey,

    /// <summary>What opens repositories: <c>git_token_location</c>, <c>git_ssh_key_location</c>.</summary>
    GitCredential,
}

/// <summary>
/// What the engine reads in the name of a job. The engine may read more than the author of a job: its own parameters, the tokens of
/// repositories, the bundles of other runs. So each location is held against what its purpose allows before it is read.
/// </summary>
internal sealed record ReadScope
{
    /// <summary>Where in the internal bucket callers put code: always allowed.</summary>
    public const string SourcePrefix = "tmp/source/";

    /// <summary>Below a prefix of jobs: where the identities are that <c>sops_key_ssm_path</c> names. No order is given one as a
    /// variable.</summary>
    public const string KeyFolder = "sops-keys/";

    /// <summary>Paths of SSM below which the secrets of jobs are.</summary>
    public required IReadOnlyList<string> JobParameters { get; init; }

    /// <summary>Beginnings of the names of jobs' secrets in Secrets Manager.</summary>
    public required IReadOnlyList<string> JobSecrets { get; init; }

    /// <summary>Paths of SSM below which git tokens and keys are.</summary>
    public required IReadOnlyList<string> VcsParameters { get; init; }

    /// <summary>Beginnings of the names of git tokens and keys in Secrets Manager.</summary>
    public required IReadOnlyList<string> VcsSecrets { get; init; }

    /// <summary>Buckets, or <c>bucket/prefix/</c>, of code.</summary>
    public required IReadOnlyList<string> CodeLocations { get; init; }

    /// <summary>The engine's bucket.</summary>
    public required string InternalBucket { get; init; }

    /// <summary>The webhook's own secret, or null.</summary>
    public SecretLocation? WebhookSecret { get; init; }

    /// <summary>All locations of a job that may not be read, each with its place in the job and the setting that would allow it.</summary>
    public IReadOnlyList<string> ProblemsOf(Job job)
    {
        List<string> problems = [];
        Check("git_token_location", job.GitTokenLocation, SecretLocation.TryParse, ReadPurpose.GitCredential);
        Check("git_ssh_key_location", job.GitSshKeyLocation, SecretLocation.TryParse, ReadPurpose.GitCredential);
        for (var i = 0; i < job.Orders.Count; i++)
        {
            var (order, at) = (job.Orders[i], $"orders[{i}]");
            if (order.S3Location is { } code && ProblemOfCode(code) is { } wrong)
            {
                problems.Add($"{at}.s3_location: {wrong}");
            }

            for (var j = 0; j < order.SsmPaths.Count; j++)
            {
                Check($"{at}.ssm_paths[{j}]", order.SsmPaths[j], SecretLocation.TryParseSsm, ReadPurpose.OrderSecret);
            }

            for (var j = 0; j < order.SecretManagerPaths.Count; j++)
            {
                var place = $"{at}.secret_manager_paths[{j}]";
                Check(place, order.SecretManagerPaths[j], SecretLocation.TryParseSecret, ReadPurpose.OrderSecret);
            }

            Check($"{at}.sops_key_ssm_path", order.SopsKeySsmPath, SecretLocation.TryParseSsm, ReadPurpose.OrderKey);
        }

        return problems;

        void Check(string place, string? text, LocationParser parse, ReadPurpose purpose)
        {
            if (text is not null && (parse(text, out var location) ? ProblemOf(location, purpose) : "is no location") is { } wrong)
            {
                problems.Add($"{place}: {wrong}");
            }
        }
    }

    /// <summary>Why a location may not be read for this; null when it may.</summary>
    public string? ProblemOf(SecretLocation location, ReadPurpose purpose)
    {
        var shown = Printable.Word(location.Name);
        if (location.IsLocal)
        {
            return $"{shown} is on one machine only; on AWS keep it in aws:::ssm:<path> or aws:::secretd:<name>";
        }

        if (ResourcePath.Of(location) is not { } path)
        {
            return $"{shown} is not the plain path of a secret; write it without '.', '..', empty parts, or as a full ARN";
        }

        if (IsTheEngines(location.Keeper, path))
        {
            return $"{shown} belongs to the engine itself, and no job may read it";
        }

        var allowed = Allowed(location.Keeper, purpose);
        var best = Longest(allowed, path);
        if (best == 0)
        {
            return Outside(shown, allowed, Setting(location.Keeper, purpose));
        }

        if (purpose == ReadPurpose.OrderSecret && Longest(Allowed(location.Keeper, ReadPurpose.OrderKey), path) > 0)
        {
            return $"{shown} is kept for the keys of orders (sops_key_ssm_path), which no order is given; keep secrets elsewhere";
        }

        // The narrower prefix tells what is kept there: below /team/ that jobs may read, /team/vcs/ is for tokens.
        return purpose != ReadPurpose.GitCredential && Longest(Allowed(location.Keeper, ReadPurpose.GitCredential), path) > best
            ? $"{shown} is kept for git tokens ({Setting(location.Keeper, ReadPurpose.GitCredential)}), which no order is given; "
                + "keep a copy below a prefix of jobs, if it has to be"
            : null;
    }

    /// <summary>Why code may not be read from there; null when it may.</summary>
    public string? ProblemOfCode(string text)
    {
        var shown = Printable.Line(text, SecretLocation.MaxNameLength);
        if (!S3Location.TryParse(text, out var location) || !ResourcePath.IsPlain(location.Key))
        {
            return $"{shown} is not the plain location of an object; write s3://bucket/key, without '.', '..' or empty parts";
        }

        // Whatever is listed: of the engine's own bucket, jobs see what callers put there, and nothing of runs.
        if (location.Bucket.Equals(InternalBucket, StringComparison.OrdinalIgnoreCase))
        {
            return location.Bucket == InternalBucket
                && location.Key.StartsWith(SourcePrefix, StringComparison.Ordinal) && location.Key.Length > SourcePrefix.Length
                ? null
                : $"{shown} belongs to the engine itself; of its bucket, a job may name what was uploaded to {SourcePrefix}";
        }

        return CodeLocations.Any(place => Holds(place, location))
            ? null
            : Outside(
                shown,
                [$"s3://{InternalBucket}/{SourcePrefix}", .. CodeLocations.Select(place => $"s3://{place}")],
                new("code_locations", AwsSettings.CodeLocationsVariable));
    }

    private delegate bool LocationParser(string? text, out SecretLocation location);

    private static bool Holds(string place, S3Location location) => place.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0
        ? location.Bucket == place[..slash] && location.Key.StartsWith(place[(slash + 1)..], StringComparison.Ordinal)
        : location.Bucket == place;

    /// <summary>How long the longest prefix is that a path is below; 0 for none.</summary>
    private static int Longest(IReadOnlyList<string> prefixes, string path) => prefixes
        .Where(prefix => path.Length > prefix.Length && path.StartsWith(prefix, StringComparison.Ordinal))
        .Select(prefix => prefix.Length)
        .DefaultIfEmpty()
        .Max();

    /// <summary>The engine's own, whatever the prefixes say, and in whatever case it is written.</summary>
    private bool IsTheEngines(SecretKeeper keeper, string path) =>
        WebhookSecret is { } own && own.Keeper == keeper && ResourcePath.Of(own) is { } secret && IsSame(keeper, path, secret);

    /// <summary>
    /// An ARN of a parameter may name a version behind a colon; that of a secret ends with a hyphen and six characters of AWS's own.
    /// </summary>
    private static bool IsSame(SecretKeeper keeper, string path, string own) =>
        path.StartsWith(own, StringComparison.OrdinalIgnoreCase) && path[own.Length..] switch
        {
            "" => true,
            [':', ..] => keeper == SecretKeeper.Ssm,
            ['-', ..] and { Length: 7 } => keeper == SecretKeeper.SecretsManager,
            _ => false,
        };

    private IReadOnlyList<string> Allowed(SecretKeeper keeper, ReadPurpose purpose) => (keeper, purpose) switch
    {
        (SecretKeeper.Ssm, ReadPurpose.GitCredential) => VcsParameters,
        (SecretKeeper.Ssm, ReadPurpose.OrderKey) => [.. JobParameters.Select(prefix => prefix + KeyFolder)],
        (_, ReadPurpose.OrderKey) => [],
        (SecretKeeper.Ssm, _) => JobParameters,
        (_, ReadPurpose.GitCredential) => VcsSecrets,
        _ => JobSecrets,
    };

    private static ReadSetting Setting(SecretKeeper keeper, ReadPurpose purpose) => (keeper, purpose) switch
    {
        (SecretKeeper.Ssm, ReadPurpose.GitCredential) => new("vcs_ssm_prefixes", AwsSettings.VcsParametersVariable),
        (SecretKeeper.Ssm, _) => new("job_ssm_prefixes", AwsSettings.JobParametersVariable),
        (_, ReadPurpose.GitCredential) => new("vcs_secret_prefixes", AwsSettings.VcsSecretsVariable),
        _ => new("job_secret_prefixes", AwsSettings.JobSecretsVariable),
    };

    private static string Outside(string shown, IReadOnlyList<string> allowed, ReadSetting setting) =>
        $"{shown} may not be read for this: {(allowed.Count == 0 ? "nothing may" : $"only what is below {string.Join(" or ", allowed)}")}; "
        + $"keep it there, or have the operator extend {setting}";

    /// <summary>A setting: as Terraform calls it, and as the environment does.</summary>
    private sealed record ReadSetting(string Terraform, string Variable)
    {
        public override string ToString() => $"{Terraform} ({Variable})";
    }
}
