using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>The code that an authenticator shows, for roles that want one.</summary>
internal static class MfaCode
{
    /// <summary>TokenCode of https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.</summary>
    private const int Digits = 6;

    /// <summary>Asks for a code.</summary>
    /// <param name="device">The serial number or ARN of the device (<c>mfa_serial</c>).</param>
    /// <param name="place">The profile that names it.</param>
    /// <param name="ask">Asks a person for a line; null where there is nobody.</param>
    /// <exception cref="UserException">There is nobody to ask, or the answer is no code.</exception>
    public static string Ask(string device, string place, Func<string, string?> ask)
    {
        var code = (ask($"MFA code of {Printable.Line(device, 200)}: ")
            ?? throw new UserException(
                $"{place} wants a code of {Printable.Word(device)} (mfa_serial), and no terminal gave one: run the command in a terminal, "
                    + "or let 'aws configure export-credentials' give the credentials")).Trim();
        return code.Length == Digits && code.All(char.IsAsciiDigit)
            ? code
            : throw new UserException($"that is no code of {Printable.Word(device)}: it has {Digits} digits; run the command again");
    }
}
