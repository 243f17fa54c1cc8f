using System.Text;
using IacCi.Core.Worker.Masking;

namespace IacCi.Tests.Unit.Worker;

internal sealed class SecretMaskerTests
{
    private const string Alphabet = "abcXYZ019+/=&?%\"\\ äß€😀<>#'~\t";

    [Test]
    public async Task A_secret_is_replaced_and_the_rest_stays()
    {
        var masker = new SecretMasker(["hunter22"]);
        await Assert.That(masker.MaskText("say hunter22, hunter2, hunter22!")).IsEqualTo("say ***, hunter2, ***!");
    }

    [Test]
    public async Task A_secret_printed_in_pieces_is_one_secret()
    {
        var sink = new RecordingSink();
        var stream = new MaskedOutput(new SecretMasker(["hunter22"]), sink);
        foreach (var letter in "x hunter22 y")
        {
            stream.Write([(byte)letter]);
            await Assert.That(sink.Text).DoesNotContain("h");
        }

        stream.Complete();
        await Assert.That(sink.Text).IsEqualTo("x *** y");
    }

    [Test]
    public async Task What_cannot_become_a_secret_is_passed_on_at_once()
    {
        var sink = new RecordingSink();
        var stream = new MaskedOutput(new SecretMasker(["hunter22"]), sink);
        stream.Write("a line\nhunt"u8);
        await Assert.That(sink.Text).IsEqualTo("a line\n");
        stream.Write("ing"u8);
        await Assert.That(sink.Text).IsEqualTo("a line\nhunting");
    }

    [Test]
    public async Task Each_line_of_a_secret_is_secret_and_short_lines_are_not()
    {
        var masker = new SecretMasker(["first line\r\n  second line\n}\n"]);
        await Assert.That(masker.MaskText("a first line b\nc second line }")).IsEqualTo("a *** b\nc *** }");
    }

    [Test]
    public async Task Overlapping_secrets_are_masked_together()
    {
        var masker = new SecretMasker(["abcdef", "defghi", "cdef"]);
        await Assert.That(masker.MaskText("_abcdefghi_cdefghi_")).IsEqualTo("_***_***_");
    }

    [Test]
    [Arguments("user:")]
    [Arguments("u:")]
    [Arguments("us:")]
    [Arguments("")]
    public async Task Base64_of_a_text_that_holds_the_secret_is_masked(string before)
    {
        const string Secret = "s3cr3t/with+more>than?30~bytes--ÿþ";
        var masker = new SecretMasker([Secret]);
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + Secret + " and more"));
        var masked = masker.MaskText($"token: {text};\n");
        await Assert.That(masked).Contains("***").And.StartsWith("token: ").And.EndsWith(";\n");
        await Assert.That(masked.Length).IsLessThan("token: ;\n".Length + text.Length - 36);
        await Assert.That(masker.MaskText(text.Replace('+', '-').Replace('/', '_'))).Contains("***");
    }

    [Test]
    public async Task Base64_that_is_wrapped_into_lines_is_masked()
    {
        var secret = new string([.. Enumerable.Range(0, 300).Select(i => (char)('!' + (i * 7 % 90)))]);
        var masker = new SecretMasker([secret]);
        foreach (var (width, end) in new[] { (76, "\n"), (64, "\r\n"), (76, "\n    ") })
        {
            var text = string.Join(
                end, Convert.ToBase64String(Encoding.UTF8.GetBytes("x" + secret)).Chunk(width).Select(line => new string(line)));
            var masked = masker.MaskText($"$ base64\n{text}\ndone\n");
            await Assert.That(masked.Length).IsLessThan(30);
            await Assert.That(masked).EndsWith("\ndone\n");
        }
    }

    [Test]
    public async Task Json_and_url_forms_are_masked()
    {
        const string Secret = "a\"b\\c/d e\nf+ü&<";
        var masker = new SecretMasker([Secret]);
        string[] forms =
        [
            "a\\\"b\\\\c/d e\\nf+ü&<", "a\\\"b\\\\c\\/d e\\nf+\\u00fc&<", "a\\u0022b\\\\c/d e\\nf\\u002B\\u00FC\\u0026\\u003C",
            "a%22b%5Cc%2Fd%20e%0Af%2B%C3%BC%26%3C", "a%22b%5cc%2fd+e%0af%2b%c3%bc%26%3c", "a%22b%5Cc/d%20e%0Af%2B%C3%BC%26%3C",
        ];
        foreach (var form in forms)
        {
            await Assert.That(masker.MaskText($"<<{form}>>")).IsEqualTo("<<***>>");
        }
    }

    [Test]
    public async Task Values_too_short_to_hide_are_left_alone()
    {
        await Assert.That(new SecretMasker(["abc", "", "   ", "\n"]).MaskText("abc  \n abc")).IsEqualTo("abc  \n abc");
        await Assert.That(SecretMasker.IsTooShort("abc")).IsTrue();
        await Assert.That(SecretMasker.IsTooShort("abcd")).IsFalse();
    }

    [Test]
    public async Task Whatever_the_secrets_and_the_pieces_no_form_comes_through_and_all_else_does()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var secrets = Enumerable.Range(0, random.Next(1, 5))
                .Select(_ => Text(random, random.Next(4, 60)))
                .Where(text => text.Trim().Length >= 4)
                .ToArray();
            var masker = new SecretMasker(secrets);
            var forms = secrets.SelectMany(secret => Forms(secret)).ToArray();
            var whole = new StringBuilder();
            for (var part = 0; part < 30; part++)
            {
                _ = whole.Append(
                    random.Next(3) == 0 && forms.Length > 0 ? forms[random.Next(forms.Length)] : Text(random, random.Next(0, 20)));
            }

            var bytes = Encoding.UTF8.GetBytes(whole.ToString());
            var pieces = Encoding.UTF8.GetString(Mask(masker, bytes, random));
            await Assert.That(pieces).IsEqualTo(masker.MaskText(whole.ToString()));
            foreach (var form in forms)
            {
                await Assert.That(pieces).DoesNotContain(form);
            }
        }
    }

    [Test]
    public async Task Text_without_secrets_is_unchanged_however_it_is_cut()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var masker = new SecretMasker(["QQQQ-not-in-there", "also\nQQ not there", "%%%%QQ"]);
            var bytes = new byte[random.Next(0, 5_000)];
            random.NextBytes(bytes);
            for (var at = 0; at < bytes.Length; at++)
            {
                bytes[at] = bytes[at] == 'Q' ? (byte)'q' : bytes[at];
            }

            await Assert.That(Mask(masker, bytes, random).SequenceEqual(bytes)).IsTrue();
        }
    }

    [Test]
    [Arguments("hunter22")]
    [Arguments("ä€😀ä with more")]
    [Arguments("aaaaaaaab")]
    public async Task A_secret_that_a_progress_display_draws_is_masked_from_its_second_character_on(string secret)
    {
        string[] drawn =
        [
            string.Concat(secret.EnumerateRunes().Select(rune => $"|\b/\b{rune}")),
            string.Concat(secret.EnumerateRunes().Select(rune => $"{rune}\b{rune}")),
            string.Concat(secret.EnumerateRunes().Select(rune => $"{rune}?!\b\b")),
        ];
        foreach (var text in drawn)
        {
            var whole = new SecretMasker([secret]).MaskText($"<{text}>");
            await Assert.That(whole).Matches("^<(?:[|]\b/\b)?\\*\\*\\*(?:[?]!\b\b)?>$");
            for (var seed = 0; seed < 20; seed++)
            {
                var pieces = Encoding.UTF8.GetString(
                    Mask(new SecretMasker([secret]), Encoding.UTF8.GetBytes($"<{text}>"), new Random(seed), 3));
                await Assert.That(pieces).Contains("***");
                await Assert.That(pieces.EnumerateRunes().Count(rune => secret.EnumerateRunes().Contains(rune)))
                    .IsLessThan(2)
                    .Because(pieces);
            }
        }
    }

    [Test]
    public async Task What_is_held_back_is_bounded_whatever_stands_between_the_characters_of_a_secret()
    {
        var sink = new CountingSink();
        var stream = new MaskedOutput(new SecretMasker(["hunter22", new string('a', 5_000)]), sink);
        var between = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\e[31m", 10_000)));
        long written = 0;
        for (var part = 0; part < 100; part++)
        {
            stream.Write("hun"u8);
            stream.Write(between);
            written += between.Length + 3;
            await Assert.That(written - sink.Total).IsLessThan(1 << 20);
        }
    }

    [Test]
    public async Task Ten_thousand_secrets_are_masked_as_one_is()
    {
        var random = new Random(3);
        var secrets = Enumerable.Range(0, 10_000)
            .Select(i => $"s{i:D5}-{Convert.ToHexString(BitConverter.GetBytes(random.NextInt64()))}")
            .ToArray();
        var masker = new SecretMasker(secrets);
        var text = string.Join(
            '\n', secrets.Select(secret => $"a line with {secret} and {Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))}"));
        var masked = masker.MaskText(text);
        await Assert.That(masked.Split("a line with *** and ***").Length).IsEqualTo(secrets.Length + 1);
    }

    [Test]
    public async Task A_whole_key_of_many_lines_takes_bounded_memory_and_is_masked_line_by_line()
    {
        var random = new Random(1);
        var lines = Enumerable.Range(0, 50)
            .Select(_ => Convert.ToBase64String(Enumerable.Range(0, 48).Select(_ => (byte)random.Next(256)).ToArray()))
            .ToArray();
        var key = $"-----BEGIN KEY-----\n{string.Join('\n', lines)}\n-----END KEY-----\n";
        var masker = new SecretMasker([key]);
        await Assert.That(masker.MaskText(key)).IsEqualTo("***");
        await Assert.That(masker.MaskText($"a {lines[7]} b")).IsEqualTo("a *** b");
    }

    private static byte[] Mask(SecretMasker masker, byte[] bytes, Random random, int maxPiece = 40)
    {
        var sink = new RecordingSink();
        var stream = new MaskedOutput(masker, sink);
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, random.Next(1, maxPiece));
            stream.Write(bytes.AsSpan(at, length));
            at += length;
        }

        stream.Complete();
        return sink.Bytes;
    }

    private static IEnumerable<string> Forms(string secret)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        yield return secret;
        yield return base64;
        yield return base64.TrimEnd('=');
        yield return base64.Replace('+', '-').Replace('/', '_');
        yield return Uri.EscapeDataString(secret);
        yield return Uri.EscapeDataString(secret).Replace("%20", "+", StringComparison.Ordinal);
        yield return System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(secret);
        yield return System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret);
        yield return System.Text.Encodings.Web.HtmlEncoder.Default.Encode(secret);
        yield return Convert.ToHexString(Encoding.UTF8.GetBytes(secret));
        yield return Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret));
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(base64)).TrimEnd('=');
        yield return JsonText(JsonText(secret));
        yield return Uri.EscapeDataString(Uri.EscapeDataString(secret));
        yield return string.Concat(secret.EnumerateRunes().Select(rune => $"\e[1m{rune}\e[0m"));
        if (secret.Count(c => c is not ('\'' or '"' or '\\')) >= SecretMasker.MinSecretBytes)
        {
            // Of a secret that is little more than quotation marks too little is left to look for.
            yield return $"'{secret.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        }

    }

    private static string JsonText(string text) => System.Text.Json.Nodes.JsonValue.Create(text).ToJsonString()[1..^1];

    private static string Text(Random random, int length)
    {
        var runes = Alphabet.EnumerateRunes().ToArray();
        return string.Concat(Enumerable.Range(0, length).Select(_ => runes[random.Next(runes.Length)].ToString()));
    }
}
