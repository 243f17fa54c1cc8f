using System.Text;
using CsCheck;
using IacCi.Core.Jobs;

namespace IacCi.Tests.Unit.Jobs;

internal sealed class WriterTests
{
    private static readonly Gen<string> Text = Gen.Char["abcXYZ019 -_.:/\"'\\{}[]#&*!|>%@`é漢\n\t"].Array[1, 30]
        .Select(chars => "x" + new string(chars) + "x");
    private static readonly Gen<string> Word = Gen.Char["abcdefghij"].Array[1, 8].Select(chars => new string(chars));

    private static readonly Gen<Job> Jobs = Gen.Select(Gen.Int[1, 12], Word, Gen.Int[3_600, 72_000], Gen.Bool)
        .SelectMany((count, label, timeout, limited) =>
        Gen.Select(
            Text.Array[1, 3], Gen.Int[1, 810], Gen.Select(Word, Text).Array[0, 4], Gen.Int[0, 10], Gen.Bool, Gen.Int[0, int.MaxValue])
            .Array[count].Select(parts => new Job
            {
                FlowLabel = label,
                JobTimeout = timeout,
                MaxParallel = limited ? 3 : null,
                GitRepo = limited ? "o/r" : null,
                Orders = [.. parts.Select((part, index) => MakeOrder(part, index))],
            }));

    private static Order MakeOrder(
        (string[] Cmds, int Timeout, (string, string)[] Variables, int Retries, bool Flag, int Before) part, int index) => new()
        {
            OrderName = part.Flag ? $"n{index}" : null,
            QueueId = $"q {index}",
            Cmds = part.Cmds,
            Timeout = part.Timeout,
            Retries = part.Retries,
            MustSucceed = part.Flag,
            UseLambda = part.Flag ? null : true,
            ExecutionTarget = part.Flag ? Core.Model.ExecutionTarget.Lambda : null,
            EnvVars = part.Variables.DistinctBy(variable => variable.Item1).ToDictionary(
            variable => variable.Item1, variable => variable.Item2),
            Dependencies = index == 0 ? [] : [$"q {part.Before % index}"],
            SsmPaths = part.Flag ? ["/a/b", "aws:::ssm:c"] : [],
        };

    [Test]
    public void A_job_is_read_back_as_it_was_written_in_json_and_as_yaml() => Jobs.Sample(
        job =>
        {
            var written = JobWriter.Write(job);
            foreach (var format in new[] { JobFormat.Json, JobFormat.Yaml })
            {
                var read = JobReader.Read(written, format, null, JobContext.Local).OrThrow(format.ToString());
                if (!JobWriter.Write(read).Span.SequenceEqual(written.Span) || JobDigest.Of(read) != JobDigest.Of(job))
                {
                    return false;
                }
            }

            return true;
        },
        iter: 500);

    [Test]
    public async Task The_digest_is_of_what_a_job_means()
    {
        const string Json =
            """{"username": "me", "orders": [{"cmds": ["a"], "timeout": 60, "env_vars": {"A": "1", "B": "x"}, "must_succeed": true}], "flow_label": "exec", "stop_signal": "INT", "stop_grace": 30}""";
        const string Yaml = "orders:\n- timeout: 60\n  env_vars: {B: x, A: 1}   # a comment\n  cmds:\n  - a\nusername: 'me'\n";
        var digest = JobDigest.Of(JobSamples.Job(Json));
        await Assert.That(JobDigest.Of(JobSamples.Job(Yaml))).IsEqualTo(digest);
        await Assert.That(digest).Matches("^[0-9a-f]{64}$");
        await Assert.That(JobDigest.Of(JobSamples.Job(Yaml.Replace("60", "61")))).IsNotEqualTo(digest);
        await Assert.That(JobDigest.Of(JobSamples.Job(Yaml.Replace("B: x", "B: y")))).IsNotEqualTo(digest);
    }

    [Test]
    public async Task The_canonical_form_is_fixed()
    {
        var job = JobSamples.Job("orders: [{timeout: 60, env_vars: {b: 'é\"', A: 1}, cmds: [\"a & b\"], use_lambda: true}]\nusername: me");
        await Assert.That(Encoding.UTF8.GetString(JobWriter.Write(job).Span))
            .IsEqualTo("""{"username":"me","orders":[{"cmds":["a & b"],"timeout":60,"use_lambda":true,"env_vars":{"A":"1","b":"é\""}}]}""");
    }
}
