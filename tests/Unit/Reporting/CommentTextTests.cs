using CsCheck;
using IacCi.Core.Model;
using IacCi.Core.Reporting;

namespace IacCi.Tests.Unit.Reporting;

internal sealed class CommentTextTests
{
    /// <summary>UPDATE_GOLDEN=1 writes the files instead of comparing with them.</summary>
    [Test]
    [Arguments("running")]
    [Arguments("failed")]
    [Arguments("succeeded")]
    [Arguments("preparing")]
    [Arguments("local")]
    [Arguments("planned")]
    [Arguments("hostile")]
    [Arguments("large-200")]
    public async Task It_reads_as_the_golden_file(string name)
    {
        var text = CommentText.Render(name switch
        {
            "running" => Runs.Running,
            "failed" => Runs.Failed,
            "succeeded" => Runs.Succeeded,
            "preparing" =>
                Runs.Run(JobStatus.Preparing, Runs.Order(1, "vpc", OrderStatus.Queued), Runs.Order(2, "subnets", OrderStatus.Queued, 1)),
            "planned" => Runs.Planned,
            "local" => Runs.Failed with { IsLocal = true },
            "hostile" => Runs.Hostile,
            _ => Runs.Large(200),
        });
        var file = Path.Combine(Repository.Root, "tests", "golden", "comment", name + ".md");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, text);
        }

        await Assert.That(text).IsEqualTo(await File.ReadAllTextAsync(file));
    }

    [Test]
    public async Task The_last_line_is_exactly_what_it_is_found_by()
    {
        const string line = "###iac-ci### #0b6c1d2e-3f40-4a5b-8c6d-7e8f90a1b2c3 #alice:a3f7b2c1-network";
        await Assert.That(CommentText.Render(Runs.Failed).Split('\n')[^1]).IsEqualTo($"<sub>`{line}`</sub>");
        await Assert.That(CommentText.Render(Runs.Hostile).Split('\n')[^1]).IsEqualTo($"<sub>`{line}`</sub>");
        await Assert.That(Core.Reporting.Vcs.StickyComment.LastLine(CommentText.Render(Runs.Running))).IsEqualTo(line);
    }

    /// <summary>A comment of an earlier version has the line as it is; both are the same comment.</summary>
    [Test]
    [Arguments("###a### #run-1 #bob:a3f7b2c1-exec")]
    [Arguments("###`tag` @octo### #run-1 #bob:a3f7b2c1-e`")]
    [Arguments("###```### #1 #b")]
    public async Task The_last_line_is_found_again_however_it_is_written(string line)
    {
        await Assert.That(Core.Reporting.Vcs.StickyComment.LastLine($"text\n{line}\r\n")).IsEqualTo(line);
        await Assert.That(Core.Reporting.Vcs.StickyComment.LastLine($"text\n\n<sub>{SafeText.CodeSpan(line)}</sub>\n")).IsEqualTo(line);
    }

    [Test]
    public async Task A_plan_of_Terraform_stands_in_the_table_and_its_text_is_a_diff()
    {
        var text = CommentText.Render(Runs.Planned);
        await Assert.That(text)
            .Contains("succeeded, plan <code>+40 ~0 -2</code> 🔥 <strong>2 to destroy</strong> |")
                .And.Contains("succeeded, plan: no changes |")
                .And.Contains("applied <code>+0 ~0 -3</code> 🔥 <strong>3 destroyed</strong>");
        var diff = text[text.IndexOf("```diff\n", StringComparison.Ordinal)..];
        diff = diff[..diff.IndexOf("\n```\n", 8, StringComparison.Ordinal)];
        await Assert.That(diff)
            .Contains("\n+   resource \"aws_subnet\"")
                .And.Contains("\n-   resource \"aws_eip\"")
                .And.Contains("\n!       ami =")
                .And.Contains("\n-/+ resource \"aws_instance\"")
                .And.Contains("\nPlan: 40 to add")
            .And.Contains("\n+   subnet =").And.DoesNotContain("Note:").And.DoesNotContain("Refreshing");
        await Assert.That(text).Contains("commit <code>0123456789ab…</code>").And.Contains("by <code>alice</code>");
    }

    [Test]
    public async Task A_plan_whose_beginning_is_cut_off_is_recognised_and_words_that_only_look_like_one_are_not()
    {
        var cut = Runs.TerraformPlan[Runs.TerraformPlan.IndexOf("      - id", StringComparison.Ordinal)..];
        await Assert.That(
            CommentText.Render(Runs.Run(JobStatus.Succeeded, Runs.Order(1, "a", OrderStatus.Succeeded) with { LogTail = cut })))
            .Contains("```diff\n-       id");
        foreach (var log in new[] { "Plan: many to add", "the Plan: 1 to add, 2 to change, 3 to destroy.",
            "Plan: 99999999999 to add, 0 to change, 0 to destroy." })
        {
            await Assert.That(
                CommentText.Render(Runs.Run(JobStatus.Succeeded, Runs.Order(1, "a", OrderStatus.Succeeded) with { LogTail = log })))
                .DoesNotContain("plan <code>");
        }
    }

    [Test]
    public async Task What_was_skipped_names_the_order_that_failed_and_not_the_skipped_one_before_it()
    {
        var text = CommentText.Render(Runs.Failed);
        await Assert.That(text).Contains("| <code>apps</code> | Lambda |  | skipped, because of <code>cluster</code>, <code>dns</code> |");
        await Assert.That(text).Contains("**7** of 7 orders done: **2** succeeded · **2** failed · **1** timed out · **2** skipped");
    }

    [Test]
    public async Task The_same_snapshot_gives_the_same_text() =>
        await Assert.That(CommentText.Render(Runs.Large(500))).IsEqualTo(CommentText.Render(Runs.Large(500)));

    [Test]
    public async Task A_summary_is_the_same_without_the_last_line()
    {
        var comment = CommentText.Render(Runs.Failed);
        var summary = CommentText.RenderSummary(Runs.Failed);
        await Assert.That(comment).StartsWith(summary);
        await Assert.That(summary).DoesNotContain("###iac-ci###");
    }

    [Test]
    [Arguments(26)]
    [Arguments(200)]
    [Arguments(9_999)]
    public async Task However_many_orders_it_fits_and_says_what_it_left_out(int count)
    {
        var run = Runs.Large(count);
        var text = CommentText.Render(run);
        await Assert.That(text.Length).IsLessThanOrEqualTo(CommentText.MaxChars);
        await Assert.That(text).Contains("<code>stack-0007</code>");
        await Assert.That(text).Contains("| ▶️ | <code>stack-0008</code>");
        await Assert.That(text.Contains("left out here")).IsEqualTo(count > 100);
    }

    [Test]
    public async Task Nine_thousand_failures_leave_a_comment_that_shows_failures_and_nothing_else()
    {
        var run = Runs.Run(JobStatus.Failed, [.. Enumerable.Range(1, 9_999).Select(n => n % 10 == 0
            ? Runs.Order(n, $"good-{n}", OrderStatus.Succeeded) with { LogTail = "fine" }
            : Runs.Order(n, $"bad-{n}", OrderStatus.Failed) with { LogTail = string.Concat(Enumerable.Repeat($"line of {n}\n", 300)) })]);
        var text = CommentText.Render(run);
        await Assert.That(text.Length).IsLessThanOrEqualTo(CommentText.MaxChars);
        await Assert.That(text).DoesNotContain("good-");
        await Assert.That(text).Contains("**9,000** failed");
        await Assert.That(text.Split("<details open>").Length - 1).IsGreaterThanOrEqualTo(40);
    }

    [Test]
    public async Task Whatever_succeeded_is_cut_before_what_failed()
    {
        var run = Runs.Run(
            JobStatus.Failed,
            [.. Enumerable.Range(1, 24).Select(n => Runs.Order(n, $"o{n}", n > 20 ? OrderStatus.Failed : OrderStatus.Succeeded)
            with { LogTail = string.Concat(Enumerable.Range(1, 200).Select(l => $"o{n} line {l} ........\n"))[..4_000] })]);
        var text = CommentText.Render(run);
        await Assert.That(text.Length).IsLessThanOrEqualTo(CommentText.MaxChars);
        foreach (var n in Enumerable.Range(21, 4))
        {
            await Assert.That(text).Contains($"o{n} line 1 .");
        }

        await Assert.That(text).DoesNotContain("o1 line 1 .");
        await Assert.That(text).Contains("The end of its output");
    }

    [Test]
    public async Task The_graph_is_left_out_when_nobody_could_read_it_and_when_there_is_none()
    {
        await Assert.That(CommentText.Render(Runs.Running)).Contains("```mermaid");
        await Assert.That(CommentText.Render(Runs.Large(200))).DoesNotContain("```mermaid");
        await Assert.That(CommentText.Render(Runs.Large(200))).Contains("too large to read");
        var flat = CommentText.Render(
            Runs.Run(JobStatus.Active, Runs.Order(1, "a", OrderStatus.Queued), Runs.Order(2, "b", OrderStatus.Queued)));
        await Assert.That(flat).DoesNotContain("mermaid");
        await Assert.That(flat).DoesNotContain("graph");
    }

    [Test]
    public async Task Any_names_reasons_and_output_at_all_give_a_comment_within_the_bound_that_can_be_encoded()
    {
        var text = Gen.OneOf(
            Gen.String[0, 200], Gen.Char["`~|<>@#\\\n\r\u001b[]()&;_*\u202e\ud83d\ude00 a1"].Array[0, 4_096].Select(c => new string(c)));
        await Gen.Select(text, text, text, Gen.Int[0, 5]).Array[0, 30].SampleAsync(async orders =>
        {
            var run = Runs.Run(JobStatus.Failed, [.. orders.Select((o, i) =>
                Runs.Order(
                    i + 1, o.Item1, (OrderStatus)o.Item4,
                    [.. Enumerable.Range(1, Math.Min(i, 5))]) with { FailureReason = o.Item2, LogTail = o.Item3 })]);
            var comment = CommentText.Render(run with { FailureReason = orders.Length > 0 ? orders[0].Item2 : null });
            var roundTrip = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(comment));
            return await Task.FromResult(
                comment.Length <= CommentText.MaxChars && roundTrip == comment
                    && Core.Reporting.Vcs.StickyComment.LastLine(comment) == CommentText.LastLine(run) && !comment.Contains('\u001b')
                    && !comment.Contains('\u202e'));
        }, iter: 40);
    }

    [Test]
    public async Task A_tag_of_two_lines_is_a_bug_of_the_caller() =>
        await Assert.That(() => CommentText.Render(Runs.Running with { SearchTag = "a\nb" })).Throws<ArgumentException>();
}
