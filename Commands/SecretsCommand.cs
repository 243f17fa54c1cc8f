using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

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
        var output = new Option<string?>("--output", "-o") { HelpName = "FILE", Description = "Write the key to a new file that only you can read." };
        var convert = new Option<string?>("-y") { HelpName = "FILE", Description = "Make no key: print the public keys of those in FILE (-: standard input)." };
        var command = new Command("keygen", "Make an age key, printed as age-keygen does. Example: iac-ci secrets keygen -o key.txt") { output, convert };
        command.SetAction(parsed => parsed.GetValue(convert) is { } file
            ? PrintRecipients(file, parsed.GetValue(output))
            : MakeKey(parsed.GetValue(output)));
        return command;
    }

    private static Command Encrypt()
    {
        var recipients = new Option<string[]>("--age")
        {
            HelpName = "RECIPIENT[,..]",
            Description = $"Whom to encrypt to (age1...); may be given again. Default: {AgeKeys.RecipientsVariable}.",
        };
        var (type, file) = (InputType(), InputFile());
        var command = new Command("encrypt", "Encrypt FILE and print the SOPS file. Example: iac-ci secrets encrypt --age age1... app.json > app.enc.json")
        {
            recipients, type, file,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var format = FormatOf(path, parsed.GetValue(type));
            var named = parsed.GetValue(recipients) is { Length: > 0 } given
                ? string.Join(',', given)
                : Environment.GetEnvironmentVariable(AgeKeys.RecipientsVariable) ?? "";
            using var encryptor = new SopsEncryptor(AgeRecipient.ParseList(named), TimeProvider.System);
            return Print(encryptor.Encrypt(SecretsInput.Read(path), format));
        });
        return command;
    }

    private static Command Decrypt()
    {
        var keyFile = new Option<string?>("--age-key-file")
        {
            HelpName = "FILE",
            Description = $"The file with the secret keys. Default: where sops looks ({AgeKeys.KeyVariable}, {AgeKeys.FileVariable}, ~/.config/sops/age/keys.txt).",
        };
        var (type, file) = (InputType(), InputFile());
        var command = new Command("decrypt", "Decrypt the SOPS file FILE and print it. Example: iac-ci secrets decrypt --age-key-file key.txt app.enc.json")
        {
            keyFile, type, file,
        };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var format = FormatOf(path, parsed.GetValue(type));
            var identities = parsed.GetValue(keyFile) is { } keys ? AgeKeys.ReadFile(keys) : AgeKeys.Find(Environment.GetEnvironmentVariable);
            return Print(SopsFile.Decrypt(SecretsInput.Read(path), format, identities));
        });
        return command;
    }

    private static Option<SopsFormat?> InputType() => new("--input-type")
    {
        HelpName = "json|dotenv",
        Description = "The format of FILE. Default: dotenv if its name ends in .env, else json.",
    };

    private static Argument<string> InputFile() => new("FILE") { Description = "The file (-: standard input)." };

    private static SopsFormat FormatOf(string path, SopsFormat? given) => given ?? SopsFormats.Of(path);

    private static int MakeKey(string? path)
    {
        var identity = AgeIdentity.Generate();
        var text = AgeKeyFile.Text(identity, TimeProvider.System.GetLocalNow());
        if (path is null)
        {
            Console.Out.Write(text);
        }
        else
        {
            AgeKeyFile.Create(path, text);
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
            AgeKeyFile.Create(path, text);
        }

        return (int)ExitCode.Succeeded;
    }

    private static int Print(byte[] result)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(result);
        return (int)ExitCode.Succeeded;
    }
}
