using IacCi.Core.Model;
using IacCi.Core.Reporting;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>Snapshots of runs for tests.</summary>
internal static class Runs
{
    internal static readonly DateTimeOffset Start = new(2026, 3, 4, 15, 6, 7, TimeSpan.Zero);

    internal static readonly RunId Id = RunId.Parse("0b6c1d2e-3f40-4a5b-8c6d-7e8f90a1b2c3");

    internal static RunReport Run(JobStatus status, params IReadOnlyList<OrderReport> orders) => new()
    {
        RunId = Id,
        FlowId = "alice:a3f7b2c1-network",
        SearchTag = "iac-ci",
        Title = "network",
        Username = "alice",
        Status = status,
        CreatedAt = Start,
        FinishedAt = status.IsFinal() ? Start.AddSeconds(133) : null,
        Orders = orders,
    };

    internal static OrderReport Order(int num, string name, OrderStatus status, params int[] after) => new(
        Plan(num, name) with { Dependencies = [.. after.Select(a => new OrderNum(a))] },
        status,
        status >= OrderStatus.Running ? Start.AddSeconds(num) : null,
        status.IsTerminal() ? Start.AddSeconds(num + 3.2) : null,
        status switch { OrderStatus.Succeeded => 0, OrderStatus.Failed => 1, _ => null },
        status == OrderStatus.Failed ? "command_failed" : null);

    internal static OrderReport Skipped(int num, string name, params int[] after) =>
        Order(num, name, OrderStatus.Failed, after) with { StartedAt = null, ExitCode = null, FailureReason = "dependency_failed" };

    internal static PlannedOrder Plan(int num, string name) => new()
    {
        Num = new OrderNum(num),
        Name = name,
        TimeoutSeconds = 600,
        Target = num % 3 == 0 ? ExecutionTarget.Lambda : ExecutionTarget.CodeBuild,
        BundleKey = "k",
        BundleSha256 = "s",
        Recipient = "age1",
    };

    /// <summary>Output as Terraform writes it, colours included.</summary>
    internal const string TerraformError =
        "aws_eks_cluster.main: Creating...\naws_eks_cluster.main: Still creating... [10s elapsed]\n\u001b[31m╷\u001b[0m\u001b[0m\n"
        + "\u001b[31m│\u001b[0m \u001b[0m\u001b[1m\u001b[31mError: \u001b[0m\u001b[0m\u001b[1mcreating EKS Cluster (main): " +
            "InvalidParameterException: subnets must be in two zones\u001b[0m\n"
        + "\u001b[31m│\u001b[0m \u001b[0m\n\u001b[31m│\u001b[0m   with aws_eks_cluster.main,\n\u001b[31m│\u001b[0m   on cluster.tf line " +
            "12\n\u001b[31m╵\u001b[0m\n";

    internal const string TerraformApply =
        "aws_vpc.main: Creating...\naws_vpc.main: Creation complete after 2s [id=vpc-0a1b2c3d4e]\n\n\u001b[1m\u001b[32mApply complete! " +
            "Resources: 1 added, 0 changed, 0 destroyed.\u001b[0m\n";

    internal static RunReport Running { get; } = Run(
        JobStatus.Active,
        Order(1, "vpc", OrderStatus.Succeeded) with { LogTail = TerraformApply },
        Order(2, "subnets", OrderStatus.Succeeded, 1) with { LogTail = "Apply complete! Resources: 6 added, 0 changed, 0 destroyed.\n" },
        Order(3, "cluster", OrderStatus.Running, 2),
        Order(4, "dns", OrderStatus.Dispatching, 1),
        Order(5, "ingress", OrderStatus.Queued, 3, 4),
        Order(6, "apps", OrderStatus.Queued, 5));

    internal static RunReport Failed { get; } = Run(
        JobStatus.Failed,
        Order(1, "vpc", OrderStatus.Succeeded) with { LogTail = TerraformApply },
        Order(2, "subnets", OrderStatus.Succeeded, 1) with { LogTail = "Apply complete! Resources: 6 added, 0 changed, 0 destroyed.\n" },
        Order(3, "cluster", OrderStatus.Failed, 2) with { LogTail = TerraformError, FinishedAt = Start.AddSeconds(75) },
        Late(Order(4, "dns", OrderStatus.TimedOut, 1)) with
        {
            FinishedAt = Start.AddSeconds(124),
            LogTail = "waiting for the zone's delegation\n"
        },
        Skipped(5, "ingress", 3, 4),
        Skipped(6, "apps", 5),
        WithWarning(Order(7, "cost-report", OrderStatus.Failed, 2)) with { ExitCode = 3, LogTail = "infracost: no API key\n" });

    internal static RunReport Succeeded { get; } = Run(
        JobStatus.Succeeded,
        Order(1, "vpc", OrderStatus.Succeeded) with { LogTail = TerraformApply },
        Order(2, "subnets", OrderStatus.Succeeded, 1) with { LogTail = "Apply complete! Resources: 6 added, 0 changed, 0 destroyed.\n" },
        Order(3, "quiet", OrderStatus.Succeeded, 2));

    /// <summary>What Terraform prints for a plan.</summary>
    internal const string TerraformPlan =
        "aws_vpc.main: Refreshing state... [id=vpc-0a1b2c3d4e]\n\nTerraform used the selected providers to generate the following " +
            "execution plan. Resource actions are\n"
        + "indicated with the following symbols:\n  \u001b[32m+\u001b[0m create\n  ~ update in-place\n  - destroy\n-/+ destroy and then " +
            "create replacement\n\n"
        + "Terraform will perform the following actions:\n\n  # aws_subnet.a will be created\n  \u001b[32m+\u001b[0m resource " +
            "\"aws_subnet\" \"a\" {\n      + cidr_block = \"10.0.1.0/24\"\n    }\n\n"
        + "  # aws_instance.web must be replaced\n-/+ resource \"aws_instance\" \"web\" {\n      ~ ami = \"ami-1\" -> \"ami-2\" # " +
            "forces replacement\n    }\n\n"
        + "  # aws_eip.old will be destroyed\n  - resource \"aws_eip\" \"old\" {\n      - id = \"eip-1\" -> null\n    }\n\n"
        + "\u001b[1mPlan:\u001b[0m 40 to add, 0 to change, 2 to destroy.\n\nChanges to Outputs:\n  + subnet = \"10.0.1.0/24\"\n\n"
        + "\u2500\u2500\u2500\n\nNote: You didn't use the -out option to save this plan.\n";

    internal static RunReport Planned { get; } = Run(
        JobStatus.Succeeded,
        Order(1, "vpc", OrderStatus.Succeeded) with { LogTail = TerraformPlan },
        Order(2, "dns", OrderStatus.Succeeded) with { LogTail = "No changes. Your infrastructure matches the configuration.\n" },
        Order(3, "old", OrderStatus.Succeeded) with { LogTail = "Destroy complete! Resources: 3 destroyed.\n" }) with
    {
        CommitHash = "0123456789abcdef0123456789abcdef01234567",
    };

    /// <summary>So many orders, in layers of ten; some failed, some running.</summary>
    internal static RunReport Large(int count) => Run(JobStatus.Active, [.. Enumerable.Range(1, count).Select(n => (n % 50) switch
    {
        7 => Order(n, $"stack-{n:0000}", OrderStatus.Failed) with { LogTail = TerraformError },
        8 => Order(n, $"stack-{n:0000}", OrderStatus.Running),
        9 => Skipped(n, $"stack-{n:0000}", n - 2),
        > 30 => Order(n, $"stack-{n:0000}", OrderStatus.Queued, n - 10),
        _ => Order(n, $"stack-{n:0000}", OrderStatus.Succeeded) with { LogTail = TerraformApply },
    })]);

    /// <summary>Every trick that names and output can try.</summary>
    internal static RunReport Hostile { get; } = Run(
        JobStatus.Failed,
        Order(1, "a|b `c` **d** <img src=x onerror=alert(1)> @octo-org #1 org/repo#2 \u202Etxt.exe", OrderStatus.Failed) with
        {
            FailureReason = "start_refused: </summary></details> @admins | `x` https://evil.example",
            LogTail =
                "````\n</details>\n@octo-org please look at " +
                    "#1\n```\n\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007\nprogress 10%\rprogress " +
                        "100%\r\n\u202Eevil\0\b\n<script>alert(1)</script>\n~~~\n",
        },
        Order(
            2, "]:::x --> \"end\"; click o0001 \"javascript:alert(1)\" 1. - #quot;", OrderStatus.Succeeded,
            1) with
        { LogTail = new string('`', 40) + "\n" + "###iac-ci### #x #y" },
        Skipped(3, "line\nbreak | pipe \\| \\\\| \\", 1)) with
    {
        Title = "@everyone <b>",
        FailureReason = "intake_failed: @octo-org `x` <img>",
    };

    private static OrderReport Late(OrderReport order) => order with { Plan = order.Plan with { TimeoutSeconds = 120 } };

    private static OrderReport WithWarning(OrderReport order) => order with { Plan = order.Plan with { MustSucceed = false } };
}
