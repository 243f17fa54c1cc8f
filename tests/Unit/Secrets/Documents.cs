using System.Text.Json.Nodes;
using CsCheck;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>Makes plain files of any content.</summary>
internal static class Documents
{
    private static readonly string[] Odd =
        ["", "ENC[", "a:b", "olà 🦀", "\n\t\"\\", "\u0000", "x_unencrypted", "null", "True", "日本語", "\u2028"];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char[' ', '~'], 0, 12],
        Gen.Int[0, Odd.Length - 1].Select(at => Odd[at]));

    /// <summary>A JSON object, up to four maps or lists deep. No <c>sops</c> at the top.</summary>
    public static Gen<JsonObject> Object { get; } = Map(3).Where(map => !map.ContainsKey("sops"));

    /// <summary>A dotenv file without empty lines, as it comes back.</summary>
    public static Gen<string> Dotenv { get; } = Gen.Select(
        Gen.String[Gen.Char['A', 'Z'], 1, 3],
        Gen.String[Gen.Char[' ', '~'], 0, 12],
        Gen.Int[0, 4],
        (name, value, kind) => (name, line: kind switch
        {
            0 => $"#{value}",
            1 => $"{name}_unencrypted={value}",
            // (A carriage return at the very end of each line would be taken for how the file is stored.)
            2 => $"{name}=olà 🦀\\n\r{value}.",
            _ => $"{name}={value}",
        })).Array[0, 8].Select(lines => string.Concat(lines.DistinctBy(line => line.line.Split('=')[0]).Select(line => line.line + "\n")));

    private static Gen<JsonNode?> Node(int depth)
    {
        var leaf = Gen.OneOf(
            AnyText.Select(text => (JsonNode?)JsonValue.Create(text)),
            Gen.Bool.Select(yes => (JsonNode?)JsonValue.Create(yes)),
            Gen.Int.Select(number => (JsonNode?)JsonValue.Create(number)),
            Gen.Double.Where(double.IsFinite).Select(number => (JsonNode?)JsonValue.Create(number)),
            Gen.Const((JsonNode?)null));
        return depth == 0 ? leaf : Gen.OneOf(
            leaf,
            leaf,
            Map(depth - 1).Select(map => (JsonNode?)map),
            Gen.Int.SelectMany(_ => Node(depth - 1)).Array[0, 3].Select(
                items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])));
    }

    private static Gen<JsonObject> Map(int depth) => Gen.Select(AnyText, Gen.Int.SelectMany(_ => Node(depth))).Array[0, 4].Select(members =>
        new JsonObject(
            members.DistinctBy(member => member.Item1).Select(member => KeyValuePair.Create(member.Item1, member.Item2?.DeepClone()))));
}
