using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace IacCi.Emulated.Front;

/// <summary>
/// What roles may do: their inline policies as they were applied. A call that none of them allows is refused, as AWS refuses it.
/// Conditions are not looked at, nor are policies of buckets.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html</remarks>
internal sealed class Rights(Func<AwsApi> api)
{
    private const string Account = "123456789012";

    private readonly ConcurrentDictionary<string, Task<IReadOnlyList<Statement>>> byRole = new();

    /// <summary>The name of a role in its ARN.</summary>
    public static string NameOf(string arn) => arn[(arn.LastIndexOf('/') + 1)..];

    /// <summary>Policies have changed.</summary>
    public void Forget() => byRole.Clear();

    /// <summary>The first step of a call that a role may not take; null when it may take all.</summary>
    public async Task<string?> ProblemAsync(string role, AwsRequest request)
    {
        var statements = await byRole.GetOrAdd(role, ReadAsync);
        foreach (var step in request.Steps)
        {
            if (ResourceOf(request, step) is { } resource && ActionOf(request.Service, step.Operation) is var action
                && !statements.Any(statement => statement.Allows(action, resource)))
            {
                return $"{role} is not authorized to perform: {action} on resource: {resource}";
            }
        }

        return null;
    }

    private static string ActionOf(string service, string operation) => (service, operation) switch
    {
        ("s3", "HeadObject") => "s3:GetObject",
        ("s3", "ListObjectsV2" or "HeadBucket") => "s3:ListBucket",
        ("lambda", "Invoke" or "InvokeAsync") => "lambda:InvokeFunction",
        _ => $"{service}:{operation}",
    };

    /// <summary>The ARN that a step is about; null for what is not looked at.</summary>
    private static string? ResourceOf(AwsRequest request, CallStep step) => request.Service switch
    {
        "dynamodb" => Arn(request, "dynamodb", $"table/{step.Resource}"),
        "s3" => $"arn:aws:s3:::{step.Resource.TrimEnd('/')}",
        "ssm" => Arn(request, "ssm", $"parameter{step.Resource}"),
        "secretsmanager" => step.Operation == "BatchGetSecretValue" ? "*" : step.Resource.StartsWith("arn:", StringComparison.Ordinal)
            ? step.Resource
            : Arn(request, "secretsmanager", $"secret:{step.Resource}-a1b2c3"), // AWS appends six characters
        "lambda" => Arn(request, "lambda", $"function:{step.Resource}"),
        "states" when step.Operation == "StartExecution" => step.Resource,
        "codebuild" => Arn(request, "codebuild", $"project/{ProjectOf(request, step)}"),
        "sts" when step.Operation == "AssumeRole" => $"arn:aws:iam::{Account}:role/{step.Resource}",
        _ => null,
    };

    private static string ProjectOf(AwsRequest request, CallStep step)
    {
        using var json = JsonDocument.Parse(request.Body);
        var build = json.RootElement.TryGetProperty("id", out var one) ? one.GetString()
            : json.RootElement.TryGetProperty("ids", out var several) && several.GetArrayLength() > 0 ? several[0].GetString()
            : null;
        return (build ?? step.Resource).Split(':')[0];
    }

    private static string Arn(AwsRequest request, string service, string rest) => $"arn:aws:{service}:{request.Region}:{Account}:{rest}";

    private async Task<IReadOnlyList<Statement>> ReadAsync(string role)
    {
        List<Statement> statements = [];
        foreach (var name in Values(await AskAsync($"Action=ListRolePolicies&RoleName={role}"), "member"))
        {
            var answer = await AskAsync($"Action=GetRolePolicy&RoleName={role}&PolicyName={Uri.EscapeDataString(name)}");
            foreach (var document in Values(answer, "PolicyDocument"))
            {
                statements.AddRange(Statement.Read(Uri.UnescapeDataString(document)));
            }
        }

        return statements;
    }

    private async Task<XDocument> AskAsync(string form)
    {
        var (_, body) = await api().SendAsync(
            "iam", HttpMethod.Post, "/", Encoding.UTF8.GetBytes($"{form}&Version=2010-05-08"),
            ("Content-Type", "application/x-www-form-urlencoded"));
        return XDocument.Parse(Encoding.UTF8.GetString(body));
    }

    private static IEnumerable<string> Values(XDocument document, string element) =>
        document.Descendants().Where(found => found.Name.LocalName == element).Select(found => found.Value);

    /// <summary>A statement that allows something.</summary>
    private sealed record Statement(IReadOnlyList<string> Actions, IReadOnlyList<string> Resources)
    {
        public static List<Statement> Read(string policy)
        {
            using var json = JsonDocument.Parse(policy);
            var all = json.RootElement.GetProperty("Statement");
            var each = all.ValueKind == JsonValueKind.Array ? all.EnumerateArray().ToArray() : [all];
            return [.. each.Where(statement => statement.GetProperty("Effect").GetString() == "Allow")
                .Select(statement => new Statement(Listed(statement.GetProperty("Action")), Listed(statement.GetProperty("Resource"))))];
        }

        public bool Allows(string action, string resource) =>
            Actions.Any(pattern => Matches(pattern, action)) && Resources.Any(pattern => Matches(pattern, resource));

        private static string[] Listed(JsonElement value) => value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : [value.GetString()!];

        private static bool Matches(string pattern, string text) => Regex.IsMatch(
            text, $"^{Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".")}$",
            RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }
}
