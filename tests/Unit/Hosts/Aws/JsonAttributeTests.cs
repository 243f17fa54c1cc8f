using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Aws.Dynamo;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>JSON objects as maps.</summary>
internal sealed class JsonAttributeTests
{
    [Test]
    [Arguments("{}")]
    [Arguments("""{"a":1,"b":-2.5,"c":1e20,"d":true,"e":null,"f":"","g":[],"h":{},"i":[1,"x",[false]],"ü":"🚀"}""")]
    public async Task An_object_becomes_a_map_and_comes_back(string json)
    {
        var value = JsonAttributes.Write(json);
        await Assert.That(value.M is not null).IsTrue();
        await Assert.That(JsonNode.DeepEquals(JsonNode.Parse(JsonAttributes.Read(value)), JsonNode.Parse(json))).IsTrue();
    }

    [Test]
    [Arguments("""{"":1}""")]
    [Arguments("""{"half":"\ud83d"}""")]
    [Arguments("""[1]""")]
    [Arguments("not json")]
    public async Task What_no_map_can_hold_stays_text(string json)
    {
        var value = JsonAttributes.Write(json);
        await Assert.That(value.S).IsEqualTo(json);
        await Assert.That(JsonAttributes.Read(value)).IsEqualTo(json);
    }

    [Test]
    public async Task Nesting_is_a_map_as_deep_as_dynamodb_allows_and_text_beyond()
    {
        await Assert.That(JsonAttributes.Write(Nested(30)).M is not null).IsTrue();
        await Assert.That(JsonAttributes.Write(Nested(31)).S).IsEqualTo(Nested(31));
    }

    [Test]
    [Arguments("123456789012345678901234567890123456789")]
    [Arguments("1e200")]
    [Arguments("1e-200")]
    public async Task A_number_that_dynamodb_does_not_know_stays_text(string number) =>
        await Assert.That(JsonAttributes.Write($$"""{"n":{{number}}}""").M["n"].S).IsEqualTo(number);

    private static string Nested(int levels) => string.Concat(Enumerable.Repeat("""{"a":""", levels)) + "1" + new string('}', levels);
}
