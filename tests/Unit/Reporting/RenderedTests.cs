using System.Text.RegularExpressions;
using CsCheck;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using Markdig;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>The comment as a browser gets it: rendered by somebody else's implementation of CommonMark and GitHub's tables.</summary>
internal sealed partial class RenderedTests
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoLinks().Build();

    private static readonly string[] OurTags =
        ["h3", "p", "code", "strong", "em", "sub", "br", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre"];

    [Test]
    public async Task Nothing_of_a_hostile_job_becomes_markup_a_link_or_a_mention() =>
        await Assert.That(Faults(CommentText.Render(Runs.Hostile) + CommentText.Render(Runs.Planned))).IsEmpty();

    [Test]
    public async Task Nothing_in_a_tag_becomes_markup_or_a_mention()
    {
        foreach (var tag in new[] { "@octo #1 <b> `x`", "`", "``@octo``", "</sub><script>alert(1)</script>", "**a** [b](c) ![d](e)" })
        {
            await Assert.That(Faults(CommentText.Render(Runs.Failed with { SearchTag = tag, FlowId = $"{tag}:a3f7b2c1-exec" })))
                .IsEmpty()
                .Because(tag);
        }
    }

    [Test]
    public async Task Nothing_of_any_job_does()
    {
        var text = Gen.Int[0, Pieces.Length - 1].Array[1, 12].Select(picks => string.Concat(picks.Select(p => Pieces[p])));
        await Gen.Select(text, text, text, Gen.Int[0, 5]).Array[1, 5].SampleAsync(async orders =>
        {
            var run = Runs.Run(
                JobStatus.Failed, [.. orders.Select((o, i) => Runs.Order(i + 1, o.Item1, (OrderStatus)o.Item4, [.. Enumerable.Range(1, i)])
                with { FailureReason = o.Item2, LogTail = o.Item3 })]);
            var faults = Faults(CommentText.Render(run with { Title = orders[0].Item3, FailureReason = orders[0].Item1 }));
            return await Task.FromResult(faults.Count == 0 ? true : throw new InvalidOperationException(string.Join('\n', faults)));
        }, iter: 400);
    }

    [Test]
    public async Task Each_order_is_one_row_and_each_block_is_closed()
    {
        var html = Markdown.ToHtml(CommentText.Render(Runs.Hostile), Pipeline);
        await Assert.That(Regex.Count(html, "<tr>")).IsEqualTo(4);
        await Assert.That(Regex.Count(html, "<td")).IsEqualTo(15);
        await Assert.That(Regex.Count(html, "<details")).IsEqualTo(Regex.Count(html, "</details>"));
    }

    private static readonly string[] Pieces =
        ["@octo", "#1", "o/r#2", "<b>", "</details>", "</summary>", "</code>", "`", "```", "~~~", "|", "\\", "*", "_", "[a](b)", "![i](j)",
            "\n", "\n\n", "- ", "# ", "www.x.yz ", "https://x.yz ", "a@b.cd ", "&lt;", "&#64;x", "<!--", "\u001b[1m", " ", "x", "    ",
            "|-|"];

    /// <summary>Elements that are not ours, and words outside of code that name a person or an issue.</summary>
    private static List<string> Faults(string comment)
    {
        var html = Markdown.ToHtml(comment, Pipeline);
        var foreign = Tag().Matches(html).Select(m => m.Groups[1].Value).Where(t => !OurTags.Contains(t)).Select(t => $"<{t}>");
        var prose = Tag().Replace(Code().Replace(html, ""), "");
        return [.. foreign, .. Reference().Matches(prose).Select(m => m.Value), .. Attribute().Matches(html).Select(m => m.Value)];
    }

    [GeneratedRegex(@"</?([a-zA-Z!][a-zA-Z0-9]*)[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"<code[^>]*>.*?</code>|<pre[^>]*>.*?</pre>", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"@\w+|#\d+")]
    private static partial Regex Reference();

    [GeneratedRegex(@"<[^>]*\s(on\w+|href|src)\s*=[^>]*>")]
    private static partial Regex Attribute();
}
