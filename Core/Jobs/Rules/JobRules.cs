using IacCi.Core.Jobs.Fields;
using IacCi.Core.Jobs.Parsing;

namespace IacCi.Core.Jobs.Rules;

/// <summary>The rules that look at more than one field. Those of single fields are with the fields.</summary>
internal static class JobRules
{
    /// <summary>Looks for every rule that the job breaks, in what could be read of it. Linear in the size of the job.</summary>
    public static void Check(Job job, NodeRef root, JobContext context, Diagnostics diagnostics)
    {
        CheckReport(job, root, context, diagnostics);
        WorkspaceRules.Check(job, root, context, diagnostics);
        var orders = root.Field("orders");
        for (var i = 0; i < job.Orders.Count; i++)
        {
            if (!ReferenceEquals(job.Orders[i], OrderFields.Unread))
            {
                OrderRules.Check(job, job.Orders[i], orders.Item(i), context, diagnostics);
            }
        }

        var names = OrderNames.Check(job.Orders, orders, diagnostics);
        DependencyRules.Check(job.Orders, names, orders, diagnostics);
    }

    private static void CheckReport(Job job, NodeRef root, JobContext context, Diagnostics diagnostics)
    {
        if (root.Has("pr_number") && root.Has("issue_number"))
        {
            diagnostics.Add(root.Field("issue_number"), "is given together with pr_number; keep the one that is to be told about the job");
        }

        if (context != JobContext.Aws || !root.Has("git_token_location"))
        {
            return;
        }

        const string Why = "is missing, and with git_token_location a comment is posted; add it";
        foreach (var field in new[] { "username", "git_repo" })
        {
            if (!root.Has(field))
            {
                diagnostics.Add(root.Field(field), Why);
            }
        }

        if (!root.Has("pr_number") && !root.Has("issue_number"))
        {
            diagnostics.Add(root.Field("pr_number"), Why + ", or issue_number");
        }
    }
}
