using System.Text;
using CsCheck;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;

namespace IacCi.Tests.Unit.Secrets;

internal sealed class AgeFileTests
{
    private const int Chunk = 64 << 10;
    private static readonly AgeIdentity Alice = AgeIdentity.Generate();
    private static readonly AgeIdentity Bob = AgeIdentity.Generate();

    [Test]
    [Arguments(0)]
    [Arguments(1)]
    [Arguments(Chunk - 1)]
    [Arguments(Chunk)]
    [Arguments(Chunk + 1)]
    [Arguments(3 * Chunk)]
    public async Task A_file_of_any_size_comes_back_as_it_was(int bytes)
    {
        var plain = Bytes(bytes);
        foreach (var armor in new[] { false, true })
        {
            var file = AgeFile.Encrypt(plain, [Alice.Recipient, Bob.Recipient], armor);
            await Assert.That(AgeFile.Decrypt(file, [Bob]).AsSpan().SequenceEqual(plain)).IsTrue();
        }
    }

    [Test]
    public void Any_text_comes_back_for_each_recipient() => Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool).Sample((plain, armor) =>
    {
        var file = AgeFile.Encrypt(plain, [Alice.Recipient, Bob.Recipient], armor);
        return AgeFile.Decrypt(file, [Alice]).AsSpan().SequenceEqual(plain) && AgeFile.Decrypt(file, [Bob]).AsSpan().SequenceEqual(plain);
    }, iter: 200);

    [Test]
    [Category("Slow")]
    public async Task Every_single_flipped_bit_of_a_file_is_an_error()
    {
        var file = AgeFile.Encrypt("a secret"u8, [Alice.Recipient], armor: false);
        await Assert.That(BitFlipTests.Unnoticed(file, changed => AgeFile.Decrypt(changed, [Alice]))).IsEmpty();
    }

    [Test]
    [Category("Slow")]
    public async Task Every_single_flipped_bit_of_an_armored_file_is_an_error_save_in_its_last_end_of_line()
    {
        var file = AgeFile.Encrypt("a secret"u8, [Alice.Recipient], armor: true);
        var unnoticed = BitFlipTests.Unnoticed(file, changed => AgeFile.Decrypt(changed, [Alice]));
        await Assert.That(unnoticed.Where(at => at / 8 < file.Length - 1)).IsEmpty();
    }

    [Test]
    public void A_cut_file_is_an_error()
    {
        var file = AgeFile.Encrypt(Bytes(2 * Chunk), [Alice.Recipient], armor: false);
        foreach (var length in new[] { 0, 10, 100, 200, Chunk, Chunk + 200, file.Length - 1 })
        {
            _ = Assert.Throws<SecretsException>(() => AgeFile.Decrypt(file.AsMemory(0, length), [Alice]));
        }
    }

    [Test]
    public async Task A_key_that_does_not_fit_is_told_so()
    {
        var file = AgeFile.Encrypt("a secret"u8, [Alice.Recipient], armor: false);
        var refused = Assert.Throws<SecretsException>(() => AgeFile.Decrypt(file, [Bob]));
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.NoMatch);
    }

    [Test]
    public async Task A_point_of_low_order_is_no_recipient()
    {
        var nobody = AgeRecipient.Parse(Bech32.Encode("age", new byte[32]));
        var refused = Assert.Throws<SecretsException>(() => AgeFile.Encrypt("x"u8, [nobody], armor: false));
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.Key);
    }

    [Test]
    public void A_file_for_nobody_is_refused() => Assert.Throws<SecretsException>(() => AgeFile.Encrypt("x"u8, [], armor: false));

    [Test]
    public async Task Keys_read_back_as_written()
    {
        var again = AgeIdentity.Parse($"  {Alice}\n");
        await Assert.That(again.ToString()).IsEqualTo(Alice.ToString());
        await Assert.That(AgeRecipient.Parse(Alice.Recipient.ToString())).IsEqualTo(Alice.Recipient);
    }

    [Test]
    public async Task A_known_key_has_the_public_key_that_age_gives_it()
    {
        var identity = AgeKeys.Parse(Encoding.UTF8.GetString(Peers.Fixture("key.txt")), "key.txt").Single();
        await Assert.That(identity.Recipient.ToString()).IsEqualTo("age1je6kjhzuhdjy3fqptpttxjh5k8q46vygzlgtpuq3030c947pc5tqz9dqvr");
    }

    [Test]
    public void A_damaged_key_is_refused_and_not_quoted()
    {
        var text = Alice.ToString();
        var wrongs = Enumerable.Range(0, text.Length).Select(at => text[..at] + (text[at] == 'Q' ? 'P' : 'Q') + text[(at + 1)..])
            .Concat([text.ToLowerInvariant(), text[..^1], text + "Q", "", "1", Alice.Recipient.ToString()]);
        foreach (var wrong in wrongs)
        {
            var refused = Assert.Throws<SecretsException>(() => AgeIdentity.Parse(wrong));
            _ = wrong.Length > 1 && refused.Message.Contains(wrong, StringComparison.OrdinalIgnoreCase)
                ? throw new InvalidOperationException("quoted")
                : 0;
        }
    }

    [Test]
    public async Task A_secret_key_given_as_recipient_is_refused_and_not_quoted()
    {
        var refused = Assert.Throws<SecretsException>(() => AgeRecipient.Parse(Alice.ToString()));
        await Assert.That(refused.Message).DoesNotContain(Alice.ToString());
        await Assert.That(refused.Message).Contains("secret key was given");
    }

    [Test]
    [Arguments(false)]
    [Arguments(true)]
    public async Task Debians_age_reads_ours_and_we_read_its(bool armor)
    {
        using var scratch = new Scratch();
        var key = scratch.File("key.txt", Alice.ToString() + "\n");
        var plain = Bytes(Chunk + 7);
        await Assert.That(
            (await Peers.Age(AgeFile.Encrypt(plain, [Bob.Recipient, Alice.Recipient], armor), "-d", "-i", key))
                .AsSpan()
                .SequenceEqual(plain))
            .IsTrue();
        string[] form = armor ? ["-a"] : [];
        var theirs = await Peers.Age(plain, ["-r", Bob.Recipient.ToString(), "-r", Alice.Recipient.ToString(), .. form]);
        await Assert.That(AgeFile.Decrypt(theirs, [Alice]).AsSpan().SequenceEqual(plain)).IsTrue();
    }

    [Test]
    [Arguments("binary")]
    [Arguments("armor")]
    public async Task The_age_of_npm_reads_ours_and_we_read_its(string form)
    {
        var plain = Bytes(Chunk + 7);
        var ours = AgeFile.Encrypt(plain, [Bob.Recipient, Alice.Recipient], form == "armor");
        await Assert.That((await Peers.Node(ours, "age-decrypt", Alice.ToString(), form)).AsSpan().SequenceEqual(plain)).IsTrue();
        var theirs = await Peers.Node(plain, "age-encrypt", Alice.Recipient.ToString(), form);
        await Assert.That(AgeFile.Decrypt(theirs, [Alice]).AsSpan().SequenceEqual(plain)).IsTrue();
    }

    [Test]
    public async Task A_passphrase_file_of_age_is_refused_by_name()
    {
        var refused = Assert.Throws<SecretsException>(() => AgeFile.Decrypt(
            "age-encryption.org/v1\n-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10\ngUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n--- In/TcKP5wDKP14sufF74poPZcpaLVECmfDt0G+yMIs4\n"u8.ToArray(),
            [Alice]));
        await Assert.That(refused.Message).Contains("scrypt");
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) ^ (i >> 8)))];
}
