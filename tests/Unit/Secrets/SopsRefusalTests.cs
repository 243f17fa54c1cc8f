using System.Text;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

namespace IacCi.Tests.Unit.Secrets;

internal sealed class SopsRefusalTests
{
    private static readonly AgeIdentity Alice = AgeIdentity.Generate();

    [Test]
    [Arguments("[1, 2]", "one JSON object")]
    [Arguments("\"text\"", "one JSON object")]
    [Arguments("", "not valid JSON")]
    [Arguments("{\"a\": \"hunter2}", "not valid JSON")]
    [Arguments("{\"a\": hunter2}", "not valid JSON")]
    [Arguments("{\"a\": 1} hunter2", "not valid JSON")]
    [Arguments("{\"a\": 1,}", "not valid JSON")]
    [Arguments("{\"a\": \"\\ud800\"}", "not valid Unicode")]
    [Arguments("{\"a\": 1, \"a\": \"hunter2\"}", "'a' is there twice")]
    [Arguments("{\"m\": {\"a\": 1, \"\\u0061\": 2}}", "'m:a' is there twice")]
    [Arguments("{\"sops\": {}}", "keeps for itself")]
    [Arguments("{\"a\": 1e999}", "too large")]
    public async Task JSON_that_sops_cannot_hold_is_refused_without_quoting_it(string plain, string said) =>
        await Refused(plain, SopsFormat.Json, said);

    [Test]
    [Arguments("A=1\nhunter2\n", "line 2")]
    [Arguments("A=1\n  \n", "line 2")]
    [Arguments("=hunter2\n", "line 1")]
    [Arguments("A=1\nA=hunter2\n", "line 2")]
    [Arguments("sops_version=3.9.2\n", "line 1")]
    public async Task Dotenv_that_cannot_be_read_back_is_refused_without_quoting_it(string plain, string said) =>
        await Refused(plain, SopsFormat.Dotenv, said);

    [Test]
    public async Task Nesting_has_a_limit()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 300)) + "1" + new string('}', 300);
        await Refused(deep, SopsFormat.Json, "not valid JSON");
    }

    [Test]
    public async Task A_file_that_is_not_encrypted_is_told_so()
    {
        var json = Assert.Throws<SecretsException>(() => SopsFile.Decrypt("{\"a\": 1}"u8.ToArray(), SopsFormat.Json, [Alice]));
        var dotenv = Assert.Throws<SecretsException>(() => SopsFile.Decrypt("A=1\n"u8.ToArray(), SopsFormat.Dotenv, [Alice]));
        await Assert.That(json.Message).Contains("not encrypted");
        await Assert.That(dotenv.Message).Contains("not encrypted");
    }

    [Test]
    public void Nobody_to_encrypt_to_is_refused() =>
        Assert.Throws<SecretsException>(() => new SopsEncryptor([], TimeProvider.System).Dispose());

    [Test]
    public async Task A_cut_file_is_an_error_wherever_it_is_cut()
    {
        foreach (var (format, plain) in new[] { (SopsFormat.Json, "{\"a\": \"b\", \"c\": [1, 2]}"), (SopsFormat.Dotenv, "#c\nA=1\nB=2\n") })
        {
            var file = Encrypt(plain, format);
            var read = Enumerable.Range(0, file.Length - 1).Where(length => IsRead(file[..length], format));
            await Assert.That(read).IsEmpty();
        }
    }

    [Test]
    [Category("Slow")]
    [Arguments(SopsFormat.Json, """{"a": 1.5, "d_unencrypted": "e"}""")]
    [Arguments(SopsFormat.Dotenv, "#c\nA=1\nD_unencrypted=e\n")]
    public async Task Every_single_flipped_bit_of_a_file_is_an_error_save_where_sops_authenticates_nothing(SopsFormat format, string plain)
    {
        var file = Encrypt(plain, format);
        var text = Encoding.ASCII.GetString(file);
        // The text of the metadata that no key covers, and the name of a value that is not encrypted.
        var open = new[] { "3.13.0", "_unencrypted\",", "unencrypted_suffix=_unencrypted", "d_unencrypted", "D_unencrypted" }
            .Select(part => (Start: text.IndexOf(part, StringComparison.Ordinal), part.Length)).Where(part => part.Start >= 0).ToList();
        var unnoticed = BitFlipTests.Unnoticed(file, changed => SopsFile.Decrypt(changed, format, [Alice]));
        var elsewhere = unnoticed.Select(bit => bit / 8).Where(at => !open.Any(part => at >= part.Start && at < part.Start + part.Length))
            .Select(at => $"{at} in ...{text[Math.Max(0, at - 10)..Math.Min(text.Length, at + 10)]}");
        await Assert.That(string.Join("\n", elsewhere.Distinct())).IsEqualTo("");
    }

    private static async Task Refused(string plain, SopsFormat format, string said)
    {
        var refused = Assert.Throws<SecretsException>(() => Encrypt(plain, format));
        await Assert.That(refused.Message).Contains(said).And.DoesNotContain("hunter2");
    }

    private static byte[] Encrypt(string plain, SopsFormat format)
    {
        using var encryptor = new SopsEncryptor([Alice.Recipient], TimeProvider.System);
        return encryptor.Encrypt(Encoding.UTF8.GetBytes(plain), format);
    }

    private static bool IsRead(byte[] file, SopsFormat format)
    {
        try
        {
            _ = SopsFile.Decrypt(file, format, [Alice]);
            return true;
        }
        catch (SecretsException)
        {
            return false;
        }
    }
}
