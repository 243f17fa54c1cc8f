using System.Text;
using IacCi.Core.Bundles;
using IacCi.Core.Secrets;

namespace IacCi.Tests.Unit.Bundles;

internal sealed class VariableAssemblerTests
{
    [Test]
    public async Task The_later_kind_wins()
    {
        var set = Good(
            Job(("A", "job"), ("B", "job"), ("C", "job"), ("D", "job")), [Ssm("/x/b", "ssm"), Ssm("/x/c", "ssm"), Ssm("/x/d", "ssm")],
            [Secret("c", "secret"), Secret("d", "secret")], Job(("D", "engine")));
        await Assert.That(string.Join(' ', set.Variables.Select(v => $"{v.Name}={v.Value}({v.Source})")))
            .IsEqualTo("A=job(env_vars) B=ssm(aws:::ssm:/x/b) C=secret(aws:::secretd:c) D=engine(engine)");
    }

    [Test]
    [Arguments("{\"user-name\":\"u\",\"TF_VAR_region\":\"eu\"}", "TF_VAR_region=eu user_name=u")]
    [Arguments(" {\"a\":\"\"}", "a=")]
    [Arguments("{\"a\":1}", "DB={\"a\":1}")]
    [Arguments("{}", "DB={}")]
    [Arguments("{not json", "DB={not json")]
    [Arguments("[\"a\"]", "DB=[\"a\"]")]
    [Arguments("{\"a\":\"\\ud800\"}", "DB={\"a\":\"\\ud800\"}")]
    public async Task A_secret_that_is_an_object_of_strings_becomes_its_members(string value, string expected) =>
        await Assert.That(string.Join(' ', Good(Job(), [], [Secret("prod/db", value)], Job()).Variables.Select(v => $"{v.Name}={v.Value}")))
            .IsEqualTo(expected);

    [Test]
    public async Task A_parameter_stays_whole() =>
        await Assert.That(Good(Job(), [Ssm("/a/db", "{\"a\":\"b\"}")], [], Job()).Variables.Single().Value).IsEqualTo("{\"a\":\"b\"}");

    [Test]
    public async Task Every_error_is_said_at_once_and_none_shows_a_value()
    {
        var assembly = VariableAssembler.Assemble(
            Job(
                ("1BAD", "hush1"), ("NUL", "hush2\0"), ("HALF", "hush3\ud800"), ("sops", "hush4"), ("X_unencrypted", "hush5"),
                ("LONG", "hush6" + new string('x', 200_000))),
            [Ssm("/a/twice", "hush7"), Ssm("/b/twice", "hush8")],
            [Secret("one", "{\"K\":\"hush9\"}"), Secret("two", "{\"K\":\"hush10\"}"), Secret("a+b", "hush11"),
                Secret("same", "{\"x-y\":\"1\",\"x.y\":\"2\"}")],
            Job());
        await Assert.That(assembly.Set).IsNull();
        await Assert.That(assembly.Errors.Count).IsEqualTo(10);
        var all = string.Join('\n', assembly.Errors);
        await Assert.That(all).DoesNotContain("hush").And.Contains(
            "aws:::ssm:/a/twice and aws:::ssm:/b/twice both give the variable TWICE");
    }

    [Test]
    public async Task Together_they_are_bounded() =>
        await Assert.That(
            VariableAssembler.Assemble(Job([.. Enumerable.Range(0, 11).Select(i => ($"V{i}", new string('x', 100_000)))]), [], [],
                Job()).Errors.Single())
            .Contains("at most 1,048,576");

    [Test]
    public async Task Values_do_not_show_themselves() =>
        await Assert.That($"{new Variable("A", "hush", "x")} {Ssm("/a", "hush")}").DoesNotContain("hush");

    [Test]
    public async Task The_plain_text_is_an_object_of_names_and_values() =>
        await Assert.That(Encoding.UTF8.GetString(Good(Job(("B", "ü\"\n"), ("A", "")), [], [], Job()).ToJson()))
            .IsEqualTo("{\"A\":\"\",\"B\":\"\\u00FC\\u0022\\n\"}");

    private static VariableSet Good(
        Dictionary<string, string> job, FetchedValue[] ssm, FetchedValue[] secrets, Dictionary<string, string> engine) =>
        VariableAssembler.Assemble(job, ssm, secrets, engine) is { Set: { } set } ? set : throw new InvalidOperationException("errors");

    private static Dictionary<string, string> Job(params (string Name, string Value)[] pairs) =>
        pairs.ToDictionary(pair => pair.Name, pair => pair.Value);

    private static FetchedValue Ssm(string path, string value) => new(new SecretLocation(SecretKeeper.Ssm, path), value);

    private static FetchedValue Secret(string name, string value) => new(new SecretLocation(SecretKeeper.SecretsManager, name), value);
}
