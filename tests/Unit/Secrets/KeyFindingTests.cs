using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;

namespace IacCi.Tests.Unit.Secrets;

internal sealed class KeyFindingTests
{
    private static readonly AgeIdentity One = AgeIdentity.Generate();
    private static readonly AgeIdentity Two = AgeIdentity.Generate();

    [Test]
    public async Task Keys_come_from_every_place_where_sops_looks()
    {
        using var scratch = new Scratch();
        var three = AgeIdentity.Generate();
        Directory.CreateDirectory(Path.Combine(scratch.Folder, "sops", "age"));
        var own = scratch.File("sops/age/keys.txt", $"{three}\n");
        var found = AgeKeys.Find(Variables(
            ("SOPS_AGE_KEY", $"# mine\n\n  {One}\r\n"),
            ("SOPS_AGE_KEY_FILE", scratch.File("k.txt", AgeKeyFile.Text(Two, DateTimeOffset.UnixEpoch))),
            ("XDG_CONFIG_HOME", scratch.Folder)));
        await Assert.That(Recipients(found)).IsEqualTo(Recipients([One, Two, three]));
        await Assert.That(File.Exists(own)).IsTrue();
    }

    [Test]
    public async Task Without_XDG_CONFIG_HOME_the_home_folder_counts()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(Path.Combine(scratch.Folder, ".config", "sops", "age"));
        _ = scratch.File(".config/sops/age/keys.txt", $"{One}\n{Two}\n");
        await Assert.That(Recipients(AgeKeys.Find(Variables(("HOME", scratch.Folder))))).IsEqualTo(Recipients([One, Two]));
    }

    [Test]
    public async Task No_key_anywhere_is_told_with_the_places()
    {
        var refused = Assert.Throws<SecretsException>(() => AgeKeys.Find(Variables(("HOME", "/nowhere"))));
        await Assert.That(refused.Message).Contains("SOPS_AGE_KEY").And.Contains("SOPS_AGE_KEY_FILE").And.Contains(
            "/nowhere/.config/sops/age/keys.txt");
    }

    [Test]
    [Arguments("SOPS_AGE_KEY")]
    [Arguments("SOPS_AGE_KEY_FILE")]
    [Arguments("keys.txt")]
    public async Task What_cannot_be_used_in_one_place_does_not_stop_the_others(string good)
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(Path.Combine(scratch.Folder, "sops", "age"));
        _ = scratch.File("sops/age/keys.txt", good == "keys.txt" ? $"{One}\n" : "age-encryption.org/v1\n");
        var variables = Variables(
            ("SOPS_AGE_KEY", good == "SOPS_AGE_KEY" ? $"{Two}X {One}" : "AGE-SECRET-KEY-1DAMAGED"),
            ("SOPS_AGE_KEY_FILE", good == "SOPS_AGE_KEY_FILE" ? scratch.File("k.txt", $"{One}") : "/nowhere/k.txt"),
            ("XDG_CONFIG_HOME", scratch.Folder));
        await Assert.That(Recipients(AgeKeys.Find(variables))).IsEqualTo(Recipients([One]));
    }

    [Test]
    public async Task When_no_place_has_a_key_all_that_is_wrong_is_told()
    {
        var refused = Assert.Throws<SecretsException>(
            () => AgeKeys.Find(Variables(("SOPS_AGE_KEY", $"{One}X"), ("SOPS_AGE_KEY_FILE", "/nowhere/k.txt"))));
        await Assert.That(refused.Message)
            .Contains("SOPS_AGE_KEY, line 1").And.Contains("/nowhere/k.txt").And.DoesNotContain(One.ToString());
    }

    [Test]
    public async Task What_could_not_be_used_is_told_when_no_key_fits()
    {
        using var encryptor = new Core.Secrets.Sops.SopsEncryptor([Two.Recipient], TimeProvider.System);
        var keys = AgeKeys.Find(Variables(("SOPS_AGE_KEY", One.ToString()), ("SOPS_AGE_KEY_FILE", "/nowhere/k.txt")));
        var refused = Assert.Throws<SecretsException>(
            () => Core.Secrets.Sops.SopsFile.Decrypt(encryptor.EncryptJson("{}"u8.ToArray()), Core.Secrets.Sops.SopsFormat.Json, keys));
        await Assert.That(refused.Message).Contains("/nowhere/k.txt");
    }

    [Test]
    [Arguments("{0} {1}")]
    [Arguments("{0}\n{1}")]
    [Arguments("\uFEFF{0}\r\n{1}\r\n")]
    [Arguments("\t{0} # the first\r\n#{0}\n{1}  ")]
    public async Task Keys_stand_apart_by_blanks_or_ends_of_lines_of_any_kind(string form)
    {
        var text = string.Format(form, One, Two);
        await Assert.That(Recipients(AgeKeys.Parse(text, "k"))).IsEqualTo(Recipients([One, Two]));
        using var scratch = new Scratch();
        var file = Path.Combine(scratch.Folder, "k.txt");
        await File.WriteAllTextAsync(file, text.TrimStart('\uFEFF'), System.Text.Encoding.Unicode);
        await Assert.That(Recipients(AgeKeys.ReadFile(file))).IsEqualTo(Recipients([One, Two]));
    }

    [Test]
    public async Task A_damaged_key_is_told_by_its_line_and_not_quoted()
    {
        var refused = Assert.Throws<SecretsException>(() => AgeKeys.Parse($"# x\n{One}\n{Two}X\n", "k.txt"));
        await Assert.That(refused.Message).Contains("k.txt, line 3").And.DoesNotContain(Two.ToString());
    }

    [Test]
    public async Task Keys_of_other_kinds_are_passed_over()
    {
        await Assert.That(Recipients(AgeKeys.Parse($"AGE-PLUGIN-YUBIKEY-1X\nAGE-SECRET-KEY-PQ-1X\n{One}", "k")))
            .IsEqualTo(Recipients([One]));
        _ = Assert.Throws<SecretsException>(() => AgeKeys.Parse("AGE-PLUGIN-YUBIKEY-1X\n", "k"));
    }

    [Test]
    public async Task A_key_file_that_is_encrypted_itself_is_told_so()
    {
        var refused = Assert.Throws<SecretsException>(() => AgeKeys.Parse("age-encryption.org/v1\n", "k.txt"));
        await Assert.That(refused.Message).Contains("encrypted itself");
    }

    [Test]
    public async Task A_key_file_reads_as_age_keygen_writes_it()
    {
        var text = AgeKeyFile.Text(One, new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(-4)));
        await Assert.That(text).IsEqualTo($"# created: 2026-02-03T04:05:06-04:00\n# public key: {One.Recipient}\n{One}\n");
        await Assert.That(AgeKeyFile.Text(One, DateTimeOffset.UnixEpoch)).StartsWith("# created: 1970-01-01T00:00:00Z\n");
    }

    private static string Recipients(IEnumerable<AgeIdentity> identities) =>
        string.Join(' ', identities.Select(identity => identity.Recipient));

    private static Func<string, string?> Variables(params (string Name, string Value)[] variables) =>
        name => variables.FirstOrDefault(variable => variable.Name == name).Value;
}
