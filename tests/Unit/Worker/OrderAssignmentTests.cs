using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Worker;

internal sealed class OrderAssignmentTests
{
    private static readonly string Digest = new('a', 64);

    [Test]
    public async Task The_event_and_the_variables_say_the_same()
    {
        var json =
            $$"""{"run_id":"r-1","order_num":"0002","s3_location":"s3://b/k","internal_bucket":"b","key_url":"https://b/key.json","exec_sha256":"{{Digest}}","more":1}""";
        var order = OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(json));
        await Assert.That(order.OrderNum.Value).IsEqualTo(2);
        await Assert.That(OrderAssignment.FromEvent(order.ToEvent())).IsEqualTo(order);
        var variables = order.ToVariables();
        await Assert.That(string.Join(' ', variables.Keys.Order(StringComparer.Ordinal))).IsEqualTo(
            "EXEC_SHA256 INTERNAL_BUCKET KEY_URL ORDER_NUM RUN_ID S3_LOCATION");
        await Assert.That(OrderAssignment.FromVariables(name => variables.GetValueOrDefault(name))).IsEqualTo(order);
    }

    [Test]
    public async Task Every_variable_that_is_missing_or_wrong_is_named()
    {
        var refused = await Assert.That(() => OrderAssignment.FromVariables(name => name == "ORDER_NUM" ? "0000" : null))
            .Throws<UserException>();
        await Assert.That(refused!.Message)
            .Contains("RUN_ID").And.Contains("ORDER_NUM").And.Contains("S3_LOCATION").And.Contains("EXEC_SHA256");
    }

    [Test]
    [Arguments("")]
    [Arguments("null")]
    [Arguments("[]")]
    [Arguments("{\"run_id\": 7}")]
    [Arguments("{}")]
    public async Task What_is_no_event_is_refused(string json)
    {
        await Assert.That(() => OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(json))).Throws<UserException>();
    }
}
