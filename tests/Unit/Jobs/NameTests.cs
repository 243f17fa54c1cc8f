using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Jobs;

internal sealed class NameTests
{
    [Test]
    [Arguments("/prod/db-pass.word", "DB_PASS_WORD")]
    [Arguments("token", "TOKEN")]
    [Arguments("arn:aws:ssm:eu-west-1:123456789012:parameter/a/b", "B")]
    [Arguments("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf", "DB")]
    [Arguments("prod/db-passwd", "DB_PASSWD")]
    [Arguments("/a/", null)]
    [Arguments("/a/9", null)]
    [Arguments("a@b", null)]
    [Arguments("", null)]
    public async Task A_value_is_named_after_the_last_part_of_its_path(string path, string? name) =>
        await Assert.That(VariableName.FromPath(path)).IsEqualTo(name);

    [Test]
    [Arguments("aws:::ssm:/a/b", SecretKeeper.Ssm, "/a/b")]
    [Arguments("aws:::secretd:a/b", SecretKeeper.SecretsManager, "a/b")]
    [Arguments("env:A_B", SecretKeeper.Environment, "A_B")]
    [Arguments("file:/a b", SecretKeeper.File, "/a b")]
    public async Task A_location_says_who_keeps_what(string text, SecretKeeper keeper, string name)
    {
        await Assert.That(SecretLocation.TryParse(text, out var location)).IsTrue();
        await Assert.That(location).IsEqualTo(new SecretLocation(keeper, name));
        await Assert.That(location.ToString()).IsEqualTo(text);
    }

    [Test]
    [Arguments("aws:::ssm:")]
    [Arguments("aws:::s3:x")]
    [Arguments("AWS:::ssm:x")]
    [Arguments("file:a\nb")]
    [Arguments("env:")]
    [Arguments("x")]
    [Arguments("")]
    public async Task Anything_else_is_no_location(string text) => await Assert.That(SecretLocation.TryParse(text, out _)).IsFalse();

    [Test]
    [Arguments("", "", StopSignal.Interrupt, 30)]
    [Arguments("stop_signal: TERM\nstop_grace: 90\n", "", StopSignal.Terminate, 90)]
    [Arguments("stop_signal: TERM\nstop_grace: 90\n", ", stop_signal: INT, stop_grace: 0", StopSignal.Interrupt, 0)]
    [Arguments("", ", stop_grace: 600", StopSignal.Interrupt, 600)]
    public async Task An_order_is_stopped_as_it_says_else_as_its_job_says(string job, string order, StopSignal signal, int grace)
    {
        var read = JobSamples.Job($"{job}orders: [{{cmds: [\"x\"], timeout: 1{order}}}]");
        await Assert.That(read.Orders[0].StopPolicyIn(read)).IsEqualTo(new StopPolicy(signal, grace));
    }

    [Test]
    public async Task Terragrunt_has_time_to_pass_the_signal_on()
    {
        var read = JobSamples.Job("orders: [{cmds: [terragrunt run-all apply], timeout: 1, stop_grace: 5}]");
        await Assert.That(read.Orders[0].StopPolicyIn(read).GraceSeconds).IsEqualTo(60);
    }

    [Test]
    public async Task The_times_around_an_order_add_up()
    {
        await Assert.That(OrderLimits.DeadlineSeconds(ExecutionTarget.CodeBuild, 100, 30)).IsEqualTo(1_990);
        await Assert.That(OrderLimits.SignedSeconds(ExecutionTarget.Lambda, 100, 600)).IsEqualTo(1_720);
    }
}
