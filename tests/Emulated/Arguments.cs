using System.Globalization;

namespace IacCi.Emulated;

/// <summary>What the command line asks for.</summary>
internal sealed record Arguments(int Port, double WaitFactor, bool Bare, string Prefix)
{
    /// <summary>Null: it is not understood.</summary>
    public static Arguments? Read(string[] args)
    {
        var (port, factor, bare, prefix) = (0, 1.0, false, (string?)null);
        for (var i = 1; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--bare":
                    bare = true;
                    break;
                case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out port):
                case "--wait-factor" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out factor):
                    i++;
                    break;
                case var name when prefix is null && !name.StartsWith('-'):
                    prefix = name;
                    break;
                default:
                    return null;
            }
        }

        return args is ["up", ..] && !(bare && prefix is not null) ? new Arguments(port, factor, bare, prefix ?? "iac-ci") : null;
    }
}
