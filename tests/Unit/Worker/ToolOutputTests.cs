using System.Diagnostics;
using System.Text.RegularExpressions;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Masking;

namespace IacCi.Tests.Unit.Worker;

/// <summary>What the usual tools make of a secret is masked, as these very tools write it.</summary>
internal sealed partial class ToolOutputTests
{
    /// <summary>Every character that some tool treats specially, between words that no tool changes.</summary>
    private const string Secret = "Xq7Lm \"w0\" <b>&'it's' $HOME `x`! 100%+a/b=c?d#e|f;g\\n~{é€😀}*[Zt]";

    private const string Terraform =
        "mkdir -p \"$D\"; cd \"$D\"; printf 'variable \"s\" {}\\noutput \"s\" {\\n value = var.s\\n}\\noutput \"j\" {\\n value = " +
            "jsonencode([var.s])\\n}\\n' > main.tf;";

    [Test]
    [Arguments("printf '%s' \"$S\"")]
    [Arguments("printf '%q' \"$S\"")]
    [Arguments("LC_ALL=C printf '%q' \"$S\"")]
    [Arguments("printf '%s' \"${S@Q}\"")]
    [Arguments("declare -p S | sed 's/^[^=]*=//'")]
    [Arguments("(set -x; : \"$S\") 2>&1")]
    [Arguments("(set -x; : \"$S\"$'\\t') 2>&1")]
    [Arguments("dash -c 'set -x; : \"$S\"' 2>&1")]
    [Arguments("env -0 | grep -z ^S= | tr -d '\\0' | cut -c 3-")]
    [Arguments("printf '%s' \"$S\" | grep --color=always -e w0 -e b")]
    public Task Shells(string script) => Masks(script);

    [Test]
    [Arguments("json.dumps(s)")]
    [Arguments("json.dumps(s, ensure_ascii=False)")]
    [Arguments("json.dumps(json.dumps(s))")]
    [Arguments("json.dumps(json.dumps(s, ensure_ascii=False), ensure_ascii=False)")]
    [Arguments("repr(s)")]
    [Arguments("ascii(s)")]
    [Arguments("repr(s.encode())[1:]")]
    [Arguments("shlex.quote(s)")]
    [Arguments("urllib.parse.quote(s)")]
    [Arguments("urllib.parse.quote(s, safe='')")]
    [Arguments("urllib.parse.quote_plus(s)")]
    [Arguments("urllib.parse.quote(urllib.parse.quote(s))")]
    [Arguments("html.escape(s)")]
    [Arguments("xml.sax.saxutils.quoteattr(s)")]
    [Arguments("s.encode('ascii', 'xmlcharrefreplace').decode()")]
    [Arguments("s.encode().hex()")]
    [Arguments("s.encode().hex().upper()")]
    [Arguments("s.encode().hex(' ')")]
    [Arguments("s.encode().hex(':')")]
    [Arguments("''.join('\\\\x%02x' % b for b in s.encode())")]
    [Arguments("base64.b64encode(s.encode()).decode()")]
    [Arguments("base64.urlsafe_b64encode(s.encode()).decode()")]
    [Arguments("base64.encodebytes(s.encode() * 3).decode()")]
    [Arguments("json.dumps(base64.encodebytes(s.encode() * 3).decode())")]
    [Arguments("urllib.parse.quote_plus(base64.b64encode(s.encode()))")]
    [Arguments("base64.b64encode(base64.b64encode(s.encode())).decode()")]
    [Arguments("base64.b64encode(json.dumps(s)[1:-1].encode()).decode()")]
    [Arguments("''.join('|\\b/\\b' + c for c in s)")]
    [Arguments("''.join(c + '\\b' + c for c in s)")]
    [Arguments("'\\x1b[31m' + '\\x1b[0m\\x1b[1;32m'.join(s) + '\\x1b[0m'")]
    [Arguments("'\\x1b]8;;\\x07'.join(s)")]
    [Arguments("'\\x9b1m'.join(s)")]
    [Arguments("'\\r'.join(s)")]
    [Arguments("'\"' + s.replace('\"', '\"\"') + '\"'")]
    public Task Python(string expression) =>
        Masks(
            $"python3 -c \"import sys,os,json,shlex,urllib.parse,html,xml.sax.saxutils,base64; s=os.environ['S']; sys.stdout.reconfigure(encoding='utf-8'); print(eval(sys.argv[1]))\" \"$E\"",
            expression);

    [Test]
    [Arguments("JSON.stringify(s)")]
    [Arguments("JSON.stringify([JSON.stringify(s)])")]
    [Arguments("encodeURIComponent(s)")]
    [Arguments("new URLSearchParams([[0, s]]).toString()")]
    [Arguments("require('util').inspect(s)")]
    [Arguments("Buffer.from(s).toString('hex')")]
    [Arguments("Buffer.from(s).toString('base64url')")]
    public Task Node(string expression) => Masks("node -e 'const s = process.env.S; console.log(eval(process.env.E))'", expression);

    [Test]
    [Arguments("env.S", "")]
    [Arguments("env.S", "-a")]
    [Arguments("env.S | @json", "")]
    [Arguments("env.S | @sh", "-r")]
    [Arguments("env.S | @uri", "-r")]
    [Arguments("env.S | @html", "-r")]
    [Arguments("[env.S] | @csv", "-r")]
    [Arguments("env.S | @base64", "-r")]
    [Arguments("env.S | @base64 | @base64", "-r")]
    public Task Jq(string filter, string option) => Masks($"jq -n {option} \"$E\"", filter);

    [Test]
    [Arguments("printf '%s' \"$S\" | base64")]
    [Arguments("printf '%s' \"$S\" | base64 -w 20")]
    [Arguments("printf '%s' \"$S$S\" | openssl base64")]
    [Arguments("printf '%s' \"$S\" | base64 -w 0 | base64 -w 0")]
    [Arguments("printf '%s' \"$S\" | base32")]
    [Arguments("printf '%s' \"$S\" | base32 -w 20")]
    [Arguments("printf '%s' \"$S\" | base32 | tr -d =")]
    [Arguments("printf '%s' \"$S\" | xxd -p")]
    [Arguments("printf '%s' \"$S\" | xxd -p -u -c 1000")]
    [Arguments("printf '%s' \"$S\" | od -An -v -tx1")]
    public Task Encoders(string script) => Masks(script);

    [Test]
    [Arguments("xxd")]
    [Arguments("xxd -u -g 1")]
    [Arguments("xxd -c 7")]
    [Arguments("hexdump -C")]
    [Arguments("od -A x -t x1z")]
    [Arguments("od -t x1")]
    [Arguments("od -An -tx1")]
    [Arguments("xxd -p")]
    [Arguments("base32")]
    [Arguments("base32 -w 16")]
    public async Task Dumps_of_a_text_that_holds_a_secret(string tool)
    {
        const string secret = "Xq7Lm-w0rd_that/is+long=enough.for,lines";
        for (var before = 0; before < 17; before++)
        {
            var text = new string('.', before) + secret + new string('.', 40);
            var output = await RunAsync($"printf '%s' \"$E\" | {tool}", text);
            var masked = new SecretMasker([secret]).MaskText(output);
            await Assert.That(masked).Contains("***").Because(output);
            var digits = string.Concat(masked.Where(char.IsAsciiHexDigit)).ToLowerInvariant();
            for (var at = 0; at + 4 <= secret.Length; at++)
            {
                var part = secret.Substring(at, 4);
                await Assert.That(masked).DoesNotContain(part).Because(output);
                await Assert.That(digits)
                    .DoesNotContain(Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(part)))
                    .Because(output);
            }

            await Assert.That(output.Length - masked.Length).IsGreaterThanOrEqualTo(secret.Length).Because(masked);
        }
    }

    [Test]
    [Arguments("xxd")]
    [Arguments("hexdump -C")]
    [Arguments("base32")]
    public async Task A_dump_that_comes_byte_by_byte_is_masked_alike(string tool)
    {
        const string secret = "Xq7Lm-w0rd_that/is+long=enough.for,lines";
        var output = "first\n" + await RunAsync($"printf '%s' \"$E\" | {tool}", $"...{secret}...") + "0000 last\n";
        var sink = new Kept();
        var stream = new MaskedOutput(new SecretMasker([secret]), sink);
        foreach (var one in System.Text.Encoding.UTF8.GetBytes(output))
        {
            stream.Write([one]);
        }

        stream.Complete();
        await Assert.That(sink.Text).IsEqualTo(new SecretMasker([secret]).MaskText(output));
        await Assert.That(sink.Text).StartsWith("first\n").And.Contains("***").And.EndsWith("0000 last\n");
    }

    private sealed class Kept : IOutputSink
    {
        public string Text { get; private set; } = "";

        public void Write(ReadOnlySpan<byte> output) => Text += System.Text.Encoding.UTF8.GetString(output);
    }

    [Test]
    [Arguments("terraform output -json s")]
    [Arguments("terraform output -json j")]
    [Arguments("terraform output s")]
    [Arguments("terraform output -json | jq -c .s.value")]
    [Arguments("echo 'jsonencode(var.s)' | terraform console")]
    [Arguments("echo 'urlencode(var.s)' | terraform console")]
    [Arguments("echo 'base64encode(trim(jsonencode(var.s), \"\\\"\"))' | terraform console")]
    public async Task TerraformOutputs(string command)
    {
        var folder = Directory.CreateTempSubdirectory("iac-ci-tf-");
        try
        {
            await Masks($"D='{folder.FullName}'; export TF_VAR_s=\"$S\"; {Terraform} terraform apply -auto-approve > /dev/null 2>&1; " +
                $"({command}) 2> /dev/null");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>
    /// Of what a tool prints of the secret, no letter and no digit is left but those of colours, line ends, and base64's padding.
    /// </summary>
    private static async Task Masks(string script, string expression = "")
    {
        var output = await RunAsync(script, expression);
        await Assert.That(output.Length).IsGreaterThan(20).Because(output);
        var masked = new SecretMasker([Secret]).MaskText(output);
        await Assert.That(Uncoloured().IsMatch(masked)).IsTrue().Because($"{script}\n{expression}\n{output}\n{masked}");
    }

    private static async Task<string> RunAsync(string script, string expression)
    {
        var info = new ProcessStartInfo(
            "bash", ["-c", script])
        { RedirectStandardOutput = true, StandardOutputEncoding = System.Text.Encoding.UTF8 };
        (info.Environment["S"], info.Environment["E"], info.Environment["LC_ALL"]) = (Secret, expression, "C.UTF-8");
        using var process = Process.Start(info)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    [GeneratedRegex(@"^(?:\x1b\[[0-9;]*[mK]|\\[nbt]|0=|[^\p{L}\p{N}])*\*\*\*(?:\x1b\[[0-9;]*[mK]|\\[nbt]|%3D|09|9|[^\p{L}\p{N}])*$")]
    private static partial Regex Uncoloured();
}
