using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Worker.Masking;
using IacCi.Core.Worker.Output;

namespace IacCi.Tests.Unit.Worker;

/// <summary>The sums that Terraform prints, read out of the whole output of an order as it comes.</summary>
internal sealed class TerraformReaderTests
{
    private const string Plan = "Plan: 40 to add, 0 to change, 2 to destroy.\n";
    private const string EndOfPlan = "\nNote: You didn't use the -out option to save this plan, so Terraform can't guarantee...\n";
    private const string Saved = "\nSaved the plan to: plan.bin\n";

    private static TerraformSums? Read(string output, int chunk = int.MaxValue)
    {
        var written = new OrderOutput(new SecretMasker([]), null);
        foreach (var bytes in Encoding.UTF8.GetBytes(output).Chunk(chunk))
        {
            written.Write(bytes);
        }

        written.Complete();
        return written.Terraform;
    }

    private static TerraformSums Planned(long add, long change, long destroy, long import = 0) =>
        new(new ResourceCounts(import, add, change, destroy), null);

    private static TerraformSums Applied(long add, long change, long destroy, long import = 0) =>
        new(null, new ResourceCounts(import, add, change, destroy));

    [Test]
    [Arguments(1)]
    [Arguments(7)]
    [Arguments(4_096)]
    public async Task A_plan_is_found_however_much_stands_around_it_and_wherever_the_output_is_cut(int chunk)
    {
        var noise = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"aws_instance.web[{i}]: Refreshing state...\n"));
        await Assert.That(
            Read(noise + "\u001b[0m\u001b[1mPlan:\u001b[0m 40 to add, 0 to change, 2 to destroy.\u001b[0m\r\n" + noise, chunk))
            .IsEqualTo(Planned(40, 0, 2));
    }

    [Test]
    public async Task An_output_of_which_the_middle_is_not_kept_is_read_whole()
    {
        var written = new OrderOutput(new SecretMasker([]), null);
        var noise = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Refreshing state...\n", 1_000)));
        foreach (var text in new[] { noise, Encoding.UTF8.GetBytes(Plan), noise })
        {
            for (var round = 0; round < (text == noise ? 500 : 1); round++)
            {
                written.Write(text);
            }
        }

        written.Complete();
        await Assert.That(written.Log.IsCut).IsTrue();
        await Assert.That(written.Log.ToText()).DoesNotContain("Plan:");
        await Assert.That(written.Terraform).IsEqualTo(Planned(40, 0, 2));
    }

    [Test]
    [Arguments("Plan: 3 to import, 1 to add, 0 to change, 0 to destroy.", 3, 1, 0, 0)]
    [Arguments("Plan: 1 to add, 2 to change, 0 to destroy, 4 to forget.", 0, 1, 2, 0)]
    [Arguments("Plan: 1 to add, 0 to change, 0 to destroy. Actions: 1 to invoke.", 0, 1, 0, 0)]
    [Arguments("\rPlan: 1 to add, 0 to change, 0 to destroy.\r", 0, 1, 0, 0)]
    [Arguments("10%\r100%\rPlan: 1 to add, 0 to change, 0 to destroy.", 0, 1, 0, 0)]
    [Arguments("No changes. Your infrastructure matches the configuration.", 0, 0, 0, 0)]
    [Arguments("\u001b[1m\u001b[32mNo changes.\u001b[0m\u001b[1m Your infrastructure matches the configuration.\u001b[0m", 0, 0, 0, 0)]
    [Arguments("No changes. No objects need to be destroyed.", 0, 0, 0, 0)]
    [Arguments("No changes. Infrastructure is up-to-date.", 0, 0, 0, 0)]
    public async Task Plans_of_every_form_are_read(string line, long import, long add, long change, long destroy) =>
        await Assert.That(Read(line)).IsEqualTo(Planned(add, change, destroy, import));

    [Test]
    [Arguments("Apply complete! Resources: 1 imported, 2 added, 3 changed, 4 destroyed.", 1, 2, 3, 4)]
    [Arguments("\u001b[1m\u001b[32mApply complete! Resources: 2 added, 0 changed, 0 destroyed.\u001b[0m", 0, 2, 0, 0)]
    [Arguments("Destroy complete! Resources: 7 destroyed.\r\n", 0, 0, 0, 7)]
    public async Task What_was_applied_is_read(string line, long import, long add, long change, long destroy) =>
        await Assert.That(Read(line)).IsEqualTo(Applied(add, change, destroy, import));

    [Test]
    [Arguments("Plan: many to add")]
    [Arguments("the Plan: 1 to add, 2 to change, 3 to destroy.")]
    [Arguments("Plan: 99999999999 to add, 0 to change, 0 to destroy.")]
    [Arguments("Plan: -1 to add, 0 to change, 0 to destroy.")]
    [Arguments("Plan: 1 to add")]
    [Arguments("Plan: ")]
    [Arguments("Apply complete! Resources: none")]
    [Arguments("Plan: 1 to add, 0 to change, 0 to destroy.\rno plan at all")]
    public async Task What_only_looks_like_one_is_not_taken(string line) => await Assert.That(Read(line)).IsNull();

    [Test]
    public async Task A_line_without_end_is_no_plan_and_hides_none()
    {
        await Assert.That(Read("Plan: 1 to add, 0 to change, 0 to destroy." + new string(' ', 1_000_000), 1_000)).IsNull();
        await Assert.That(Read(new string('x', 1_000_000) + "\n" + Plan, 1_000)).IsEqualTo(Planned(40, 0, 2));
        await Assert.That(Read(new string('x', 1_000_000) + "\r" + Plan, 1_000)).IsEqualTo(Planned(40, 0, 2));
    }

    [Test]
    public async Task Several_plans_and_several_applies_are_added_up()
    {
        await Assert.That(Read(Plan + EndOfPlan + Plan + Saved)).IsEqualTo(Planned(80, 0, 4));
        await Assert.That(
            Read("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.\nApply complete! Resources: 2 added, 0 changed, 0 " +
                "destroyed.\n"))
            .IsEqualTo(Applied(3, 0, 0));
        await Assert.That(Read(string.Concat(Enumerable.Repeat("Plan: 999999 to add, 0 to change, 0 to destroy.\n", 2_000))))
            .IsEqualTo(Planned(ResourceCounts.MaxCount, 0, 0));
    }

    [Test]
    public async Task A_plan_and_its_apply_are_told_apart_and_the_plan_that_an_apply_makes_for_itself_is_not_counted()
    {
        const string applied = "Apply complete! Resources: 40 added, 0 changed, 2 destroyed.\n";
        var counts = new ResourceCounts(0, 40, 0, 2);
        await Assert.That(Read(Plan + Saved + applied)).IsEqualTo(new TerraformSums(counts, counts));
        await Assert.That(Read(Plan + applied)).IsEqualTo(new TerraformSums(null, counts));
        await Assert.That(Read(Plan + EndOfPlan + Plan + applied)).IsEqualTo(new TerraformSums(counts, counts));
        await Assert.That(Read(Plan + "Error: it failed\n")).IsEqualTo(new TerraformSums(counts, null));
        await Assert.That(Read("Plan: 0 to add, 0 to change, 3 to destroy.\nDestroy complete! Resources: 3 destroyed.\n"))
            .IsEqualTo(Applied(0, 0, 3));
    }

    [Test]
    public async Task The_comment_says_what_was_planned_and_what_was_applied()
    {
        var (plan, done) = (new ResourceCounts(0, 40, 0, 2), new ResourceCounts(3, 1, 0, 0));
        await Assert.That(TerraformChanges.ToHtml(new(plan, null))).IsEqualTo(
            "plan <code>+40 ~0 -2</code> 🔥 <strong>2 to destroy</strong>");
        await Assert.That(TerraformChanges.ToHtml(new(plan, plan))).IsEqualTo(
            "applied <code>+40 ~0 -2</code> 🔥 <strong>2 destroyed</strong>");
        await Assert.That(TerraformChanges.ToHtml(new(plan, done))).IsEqualTo(
            "plan <code>+40 ~0 -2</code> 🔥 <strong>2 to destroy</strong>, applied <code>+1 ~0 -0</code> 3 imported");
        await Assert.That(TerraformChanges.ToHtml(new(default(ResourceCounts), null))).IsEqualTo("plan: no changes");
        await Assert.That(TerraformChanges.ToHtml(new(default(ResourceCounts), done)))
            .IsEqualTo("applied <code>+1 ~0 -0</code> 3 imported");
    }

    [Test]
    [Arguments("planned 0,40,0,2")]
    [Arguments("applied 1,2,3,4")]
    [Arguments("planned 0,40,0,2 applied 1,2,3,1000000000")]
    public async Task Records_keep_it_as_a_word(string text) => await Assert.That(TerraformSums.FromText(text)!.ToText()).IsEqualTo(text);

    [Test]
    [Arguments(null)]
    [Arguments("")]
    [Arguments("planned")]
    [Arguments("planned 1,2,3")]
    [Arguments("planned 1,2,3,-4")]
    [Arguments("planned 1,2,3,1000000001")]
    public async Task What_is_none_is_not_read(string? text) => await Assert.That(TerraformSums.FromText(text)).IsNull();
}
