using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;

namespace IacCi.Core.Jobs.Rules;

/// <summary>The rules of <c>workspace: in_place</c>: there has to be a folder of this machine that the commands can run in.</summary>
internal static class WorkspaceRules
{
    private const string Field = "workspace";

    public static void Check(Job job, NodeRef root, JobContext context, Diagnostics diagnostics)
    {
        if (job.Workspace == Workspace.InPlace && context == JobContext.Aws)
        {
            diagnostics.Add(root.Field(Field), OnAws);
        }
    }

    public static void Check(Job job, Order order, NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (order.WorkspaceIn(job) != Workspace.InPlace)
        {
            return;
        }

        if (context == JobContext.Aws)
        {
            if (order.Workspace is not null)
            {
                diagnostics.Add(node.Field(Field), OnAws);
            }

            return;
        }

        var fetched = node.Has("s3_location")
            ? "s3_location"
            : node.Has("git_repo")
            ? "git_repo"
            : job.GitRepo is not null
            ? "the job's git_repo"
            : null;
        if (fetched is not null)
        {
            diagnostics.Add(
                node.Field(Field),
                $"in_place runs in a folder of this machine, and {fetched} is fetched into a copy; remove {fetched}, or write " +
                    $"workspace: copy here");
        }
    }

    private const string OnAws =
        "in_place runs in a folder of one machine, and on AWS each order runs on a machine of its own; remove it, and keep Terraform " +
            "state in a backend";
}
