using System.Text;
using CsCheck;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

/// <summary>Whatever comes in, a job or errors come out.</summary>
internal sealed class MutationTests
{
    private const string Json = """
        {"git_repo": "o/r", "pr_number": 1, "orders": [{"order_name": "a", "cmds": ["é\n\u00e9"], "timeout": 60, "env_vars": {"A": 1.5e3}},
         {"queue_id": "b", "cmds": ["x"], "timeout": 60, "dependencies": ["a"], "must_succeed": false, "ssm_paths": ["/x"]}]}
        """;

    private const string Yaml = """
        # a comment
        git_repo: o/r
        orders:
          - &a
            order_name: a
            cmds: [x, 'y', "z\t\x41"]
            timeout: 60
            env_vars: {A: 1, ? B : true}
          - <<: *a
            order_name: !!str b
            dependencies: [a]
            cmds:
              - |-
                echo a
              - >2+
                 folded

        """;

    private static readonly Gen<byte> Byte = Gen.OneOf(Gen.Byte, Gen.Char["{}[]:,\"'&*!|>%@`#?-<~\\\n\t 0eE+.\0"].Select(c => (byte)c));

    /// <summary>Replaces, inserts, cuts and doubles at random places.</summary>
    private static Gen<byte[]> Mutated(string text) =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, int.MaxValue], Gen.Int[1, 12], Byte).Array[1, 6].Select(changes =>
        {
            var bytes = Encoding.UTF8.GetBytes(text).ToList();
            foreach (var (kind, place, length, value) in changes)
            {
                var at = bytes.Count == 0 ? 0 : place % bytes.Count;
                var many = Math.Min(length, bytes.Count - at);
                switch (kind)
                {
                    case 0 when many > 0: bytes[at] = value; break;
                    case 1: bytes.Insert(at, value); break;
                    case 2: bytes.RemoveRange(at, many); break;
                    default: bytes.InsertRange(at, bytes.GetRange(at, many)); break;
                }
            }

            return bytes.ToArray();
        });

    private static bool EndsWell(byte[] content, JobFormat format)
    {
        var reading = JobReader.Read(content, format, null, JobContext.Aws);
        return reading.IsValid
            || reading.Errors.All(error => error.Message.Length > 0 && error is { Line: > 0, Column: > 0 } or { Line: null });
    }

    [Test]
    public void Mutated_json_is_read_or_refused() => Mutated(Json).Sample(content => EndsWell(content, JobFormat.Json), iter: 20_000);

    [Test]
    public void Mutated_yaml_is_read_or_refused() => Mutated(Yaml).Sample(content => EndsWell(content, JobFormat.Yaml), iter: 5_000);

    [Test]
    public void Noise_is_refused() => Byte.Array[0, 200].Sample(
        content => EndsWell(content, JobFormat.Json) && EndsWell(content, JobFormat.Yaml), iter: 5_000);
}
