using System.CommandLine;
using System.Text;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci secrets</c>: keys and SOPS files, by hand.</summary>
internal static class SecretsCommand
{
    /// <summary>The command and its subcommands.</summary>
    public static Command Create() => new("secrets", "Make age keys; encrypt and decrypt SOPS files (JSON and dotenv).")
    {
        Keygen(),
        Encrypt(),
        Decrypt(),
    };

    private static Command Keygen()
    {
        var output = OutputFile("the key");
        var convert = Kinds.Path.Option<string?>("-y", "FILE", "Make no key: print the public keys of those in FILE (-: standard input).");
        var command = new Command(
            "keygen", "Make an age key, printed as age-keygen does.\n\nExample: iac-ci secrets keygen -o key.txt") { output, convert };
        command.SetAction(parsed => parsed.GetValue(convert) is { } file
            ? PrintRecipients(file, parsed.GetValue(output))
            : MakeKey(parsed.GetValue(output)));
        return command;
    }

    private static Command Encrypt()
    {
        var recipients = Kinds.Recipients.RepeatedOption(
            "--age", "RECIPIENT[,..]", $"Whom to encrypt to (age1...); may be given again. Default: {AgeKeys.RecipientsVariable}.");
        var output = OutputFile("the SOPS file");
        var (type, file) = (InputType(), InputFile());
        var command = new Command(
            "encrypt",
            "Encrypt FILE and print the SOPS file.\n\nExample: iac-ci secrets encrypt --age \"$(iac-ci secrets keygen -y key.txt)\" " +
                "app.json > app.enc.json")
        {
            recipients, type, output, file,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var format = FormatOf(path, parsed.GetValue(type));
            var named = parsed.GetValue(recipients) is { Length: > 0 } given
                ? string.Join(',', given)
                : Environment.GetEnvironmentVariable(AgeKeys.RecipientsVariable) ?? "";
            using var encryptor = new SopsEncryptor(AgeRecipient.ParseList(named), TimeProvider.System);
            return Print(encryptor.Encrypt(SecretsInput.Read(path), format), parsed.GetValue(output));
        });
        return command;
    }

    private static Command Decrypt()
    {
        var keyFile = Kinds.Path.Option<string?>(
            "--age-key-file",
            "FILE",
            $"The file with the secret keys. Default: where sops looks ({AgeKeys.KeyVariable}, {AgeKeys.FileVariable}, " +
                $"~/.config/sops/age/keys.txt).");
        var output = OutputFile("the plain text");
        var (type, file) = (InputType(), InputFile());
        var command = new Command(
            "decrypt", "Decrypt the SOPS file FILE and print it.\n\nExample: iac-ci secrets decrypt --age-key-file key.txt app.enc.json")
        {
            keyFile, type, output, file,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var format = FormatOf(path, parsed.GetValue(type));
            var identities = parsed.GetValue(keyFile) is { } keys
                ? AgeKeys.ReadFile(keys)
                : AgeKeys.Find(Environment.GetEnvironmentVariable);
            return Print(SopsFile.Decrypt(SecretsInput.Read(path), format, identities), parsed.GetValue(output));
        });
        return command;
    }

    private static Option<SopsFormat?> InputType() => Kinds.Word(("json", SopsFormat.Json), ("dotenv", SopsFormat.Dotenv))
        .Option<SopsFormat?>("--input-type", "json|dotenv", "The format of FILE. Default: dotenv if its name ends in .env, else json.");

    private static Option<string?> OutputFile(string what) =>
        Kinds.Path.Option<string?>("--output", "FILE", $"Write {what} to a new file that only you can read.", "-o");

    private static Argument<string> InputFile() => Kinds.Path.Argument<string>("FILE", "The file (-: standard input).");

    private static SopsFormat FormatOf(string path, SopsFormat? given) => given ?? SopsFormats.Of(path);

    private static int MakeKey(string? path)
    {
        var identity = AgeIdentity.Generate();
        var text = AgeKeyFile.Text(identity, TimeProvider.System.GetUtcNow());
        if (path is null)
        {
            Console.Out.Write(text);
        }
        else
        {
            NewFile.Create(path, Encoding.UTF8.GetBytes(text));
        }

        if (path is not null || Console.IsOutputRedirected)
        {
            Console.Error.WriteLine($"Public key: {identity.Recipient}");
        }

        return (int)ExitCode.Succeeded;
    }

    private static int PrintRecipients(string keyFile, string? path)
    {
        var text = string.Concat(AgeKeys.ReadFile(keyFile).Select(identity => $"{identity.Recipient}\n"));
        if (path is null)
        {
            Console.Out.Write(text);
        }
        else
        {
            NewFile.Create(path, Encoding.UTF8.GetBytes(text));
        }

        return (int)ExitCode.Succeeded;
    }

    private static int Print(byte[] result, string? path)
    {
        if (path is not null)
        {
            NewFile.Create(path, result);
            return (int)ExitCode.Succeeded;
        }

        var output = StandardStreams.Results;
        output.Write(result);
        return (int)ExitCode.Succeeded;
    }
}
