using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class WakeEventTests
{
    private const string Bucket = "internal";

    [Test]
    public async Task Records_of_several_runs_are_gathered_by_run()
    {
        var wake = Read(
            Event(
                Record("tmp/callbacks/runs/a/0002/result.json"), Record("tmp/callbacks/runs/b/0000/result.json"),
                Record("tmp/callbacks/runs/a/0001/result.json")));

        await Assert.That(wake.Runs.Select(run => $"{run.Run}: {string.Join(' ', run.News)}")).IsEquivalentTo(["a: 0001 0002", "b: 0000"]);
        await Assert.That(wake.Skipped).IsEmpty();
    }

    [Test]
    [Arguments("tmp%2Fcallbacks%2Fruns%2Frun_1%2F0001%2Fresult.json")]
    [Arguments("tmp/callbacks/runs/run%5F1/0001/result.json")]
    public async Task Keys_are_URL_encoded(string key) =>
        await Assert.That(Read(Event(Record(key))).Runs.Single().Run).IsEqualTo(RunId.Parse("run_1"));

    [Test]
    [Arguments("tmp/callbacks/runs/a+b/0001/result.json")]
    [Arguments("tmp/callbacks/runs/a/1/result.json")]
    [Arguments("tmp/callbacks/runs/a/0001/result.json/x")]
    [Arguments("tmp/callbacks/runs/%/0001/result.json")]
    [Arguments("")]
    public async Task A_bad_record_does_not_stop_the_others(string key)
    {
        var wake = Read(Event(Record(key), Record("tmp/callbacks/runs/b/0001/result.json")));

        await Assert.That(wake.Runs.Single().Run.Value).IsEqualTo("b");
        await Assert.That(wake.Skipped.Count).IsEqualTo(1);
    }

    [Test]
    public async Task Objects_of_another_bucket_are_no_news()
    {
        var wake = Read(Event(Record("tmp/callbacks/runs/a/0001/result.json", "elsewhere")));

        await Assert.That(wake.Runs).IsEmpty();
        await Assert.That(wake.Skipped.Single()).Contains("'elsewhere'");
    }

    [Test]
    public async Task An_event_may_come_by_SNS_SQS_and_EventBridge()
    {
        var s3 = Event(Record("tmp/callbacks/runs/a/0001/result.json"));
        var sns =
            new JsonObject { ["Records"] = new JsonArray(new JsonObject { ["Sns"] = new JsonObject { ["Message"] = s3 } }) }.ToJsonString();
        var sqs =
            new JsonObject { ["Records"] = new JsonArray(new JsonObject { ["eventSource"] = "aws:sqs", ["body"] = s3 }) }.ToJsonString();
        const string Bridge =
            """{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"internal"},"object":{"key":"tmp/callbacks/runs/a/0001/result.json"}}}""";

        foreach (var json in new[] { sns, sqs, Bridge })
        {
            await Assert.That(Read(json).Runs.Single().News.Single()).IsEqualTo(new OrderNum(1));
        }
    }

    [Test]
    public async Task An_operator_who_waits_for_the_answer_is_told_apart()
    {
        var wake = Read("""{"wake":{"run_id":"a"}}""");

        await Assert.That(wake.Asked).IsEqualTo(RunId.Parse("a"));
        await Assert.That(wake.Runs).IsEmpty();
        await Assert.That(wake.Skipped).IsEmpty();
        foreach (var wrong in new[] { """{"wake":{}}""", """{"wake":"a"}""", """{"wake":{"run_id":"a/b"}}""", """{"wake":null}""" })
        {
            await Assert.That(Read(wrong).Asked).IsNull();
            await Assert.That(Read(wrong).Skipped.Single()).IsEqualTo("wake.run_id is no run id");
        }
    }

    [Test]
    public async Task An_operator_names_the_run()
    {
        var wake = Read("""{"run_id":"a"}""");

        await Assert.That(wake.Runs.Single().Run.Value).IsEqualTo("a");
        await Assert.That(wake.Runs.Single().News.Single().IsJob).IsTrue();
    }

    [Test]
    [Arguments("")]
    [Arguments("[]")]
    [Arguments("{}")]
    [Arguments("""{"run_id":"../x"}""")]
    [Arguments("""{"Records":[null,1,{"s3":1},{"s3":{"object":{"key":5}}}]}""")]
    public async Task Poison_is_told_and_passed_over(string json)
    {
        var wake = Read(json);

        await Assert.That(wake.Runs).IsEmpty();
        await Assert.That(wake.Skipped).IsNotEmpty();
    }

    [Test]
    public async Task The_test_event_of_S3_is_neither_news_nor_a_problem()
    {
        var wake = Read("""{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"internal"}""");

        await Assert.That(wake.Runs).IsEmpty();
        await Assert.That(wake.Skipped).IsEmpty();
    }

    [Test]
    public async Task What_is_told_of_a_poisoned_event_is_bounded()
    {
        var wake = Read(Event([.. Enumerable.Range(0, 1_000).Select(i => Record($"x{i}"))]));

        await Assert.That(wake.Skipped.Count).IsEqualTo(WakeEvent.MaxProblems);
    }

    private static WakeEvent Read(string json) => WakeEvent.Read(Encoding.UTF8.GetBytes(json), Bucket);

    private static string Event(params JsonObject[] records) => new JsonObject { ["Records"] = new JsonArray([.. records]) }.ToJsonString();

    private static JsonObject Record(string key, string bucket = Bucket) => new()
    {
        ["eventSource"] = "aws:s3",
        ["s3"] = new JsonObject { ["bucket"] = new JsonObject { ["name"] = bucket }, ["object"] = new JsonObject { ["key"] = key } },
    };
}
