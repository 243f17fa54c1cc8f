using System.Text.RegularExpressions;
using IacCi.Emulated.Front;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Calls by role, with names that are the same in every deployment: those of tests/deploy/calls.json.</summary>
internal static partial class CallNames
{
    /// <summary>The roles, and as whom they call.</summary>
    internal static IReadOnlyList<(string Role, string Caller)> Roles(Deployment stack) =>
        [("webhook", stack.Webhook), ("orchestrate", stack.Orchestrate), ("watchdog", stack.Watchdog), ("work", stack.Work),
         ("reader", stack.Reader), ("codebuild", $"build:{stack.Project}")];

    /// <summary>How often each operation was called.</summary>
    internal static SortedDictionary<string, int> Count(CallLog calls, string caller) =>
        new(calls.Count(caller).ToDictionary(), StringComparer.Ordinal);

    /// <summary>Everything that was called in a deployment: role, operation, and on what.</summary>
    internal static IEnumerable<(string Role, string Operation, string On)> Of(CallLog calls, Deployment stack)
    {
        var roles = Roles(stack).Append(("watchdog-executions", "states")).ToDictionary(role => role.Item2, role => role.Item1);
        return (from call in calls.Calls()
                where call.Status != 0
                let role = roles.GetValueOrDefault(call.Signer ?? call.Caller)
                where role is not null
                from step in call.Steps
                where call.Caller != "states" || step.Resource == stack.Watchdog
                select (role, $"{call.Service}:{step.Operation}", On(stack, call.Service, step))).Distinct();
    }

    private static string On(Deployment stack, string service, CallStep step) => service switch
    {
        "dynamodb" => $"table:{Table(stack, step.Resource)}",
        "s3" =>
            step.Operation == "ListObjectsV2"
                ? $"bucket:{Bucket(stack, step.Resource.TrimEnd('/'))}"
                : $"object:{Object(stack, step.Resource)}",
        "ssm" => $"parameter:{Parameter(stack, step.Resource)}",
        "secretsmanager" when step.Operation == "BatchGetSecretValue" => "any",
        "secretsmanager" => $"secret:{Secret(stack, step.Resource)}-a1b2c3", // AWS appends six characters
        "states" => "state-machine",
        "sts" => $"role:{step.Resource[(stack.Prefix.Length + 1)..]}",
        "codebuild" => "project",
        "lambda" => $"function:{step.Resource[(stack.Prefix.Length + 1)..]}",
        _ => step.Resource,
    };

    private static string Table(Deployment stack, string name) =>
        name == stack.OrdersTable ? "orders" : name == stack.EventsTable ? "order_events" : name == stack.LocksTable ? "locks" : name;

    private static string Bucket(Deployment stack, string name) =>
        name == stack.InternalBucket ? "internal" : name == stack.DoneBucket ? "done" : name;

    private static string Object(Deployment stack, string resource)
    {
        var slash = resource.IndexOf('/', StringComparison.Ordinal);
        var key = resource[(slash + 1)..];
        key = key.StartsWith("tmp/intake/", StringComparison.Ordinal) ? "tmp/intake/r"
            : key.StartsWith("tmp/source/", StringComparison.Ordinal) ? "tmp/source/code.zip"
            : Runs().Replace(key, "$1r$2");
        key = Digests().Replace(key, "/sha256.zip");
        return $"{Bucket(stack, resource[..slash])}/{Numbers().Replace(key, "/0001")}";
    }

    /// <summary>A job's own secrets have any names below jobs/: one stands for all.</summary>
    private static string Secret(Deployment stack, string name) =>
        name.StartsWith($"{stack.Prefix}/jobs/", StringComparison.Ordinal)
            ? "{prefix}/jobs/account"
            : name.Replace($"{stack.Prefix}/", "{prefix}/", StringComparison.Ordinal);

    private static string Parameter(Deployment stack, string name) =>
        name.StartsWith($"/{stack.Prefix}/jobs/", StringComparison.Ordinal) ? "/{prefix}/jobs/account/aws-access-key-id"
        : name.Replace($"/iac-ci/{stack.Prefix}/", "/{prefix}/", StringComparison.Ordinal)
            .Replace($"/{stack.Prefix}/", "/{prefix}/", StringComparison.Ordinal);

    [GeneratedRegex("^(tmp/exec/|tmp/claims/|tmp/callbacks/runs/|tmp/keys/|tmp/stop/|(?=[^/]+/done$))[^/]+(/.*)?$")]
    private static partial Regex Runs();

    /// <summary>The code of a run stands under its digest.</summary>
    [GeneratedRegex("/[0-9a-f]{64}[.]zip$")]
    private static partial Regex Digests();

    /// <summary>One order stands for all; 0000, the job, is another thing.</summary>
    [GeneratedRegex(@"/(?!0000)\d{4}\b")]
    private static partial Regex Numbers();
}
