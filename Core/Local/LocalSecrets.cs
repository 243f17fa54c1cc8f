using System.Text;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;
using IacCi.Core.Secrets;

namespace IacCi.Core.Local;

/// <summary>Secrets of one machine: variables of this process and files; everything else is asked of <paramref name="remote"/>.</summary>
/// <param name="variable">Gives a variable of the environment, or null.</param>
/// <param name="folder">What a relative path of a file starts from.</param>
/// <param name="remote">Reads SSM and Secrets Manager, or null.</param>
public sealed class LocalSecrets(Func<string, string?> variable, string folder, ISecretSource? remote) : ISecretSource
{
    /// <summary>The largest secret file, in bytes (Secrets Manager's own bound).</summary>
    public const int MaxFileBytes = 64 << 10;

    /// <inheritdoc/>
    public ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken) => location.Keeper switch
    {
        SecretKeeper.Environment => new(variable(location.Name) ?? throw new UserException($"{location}: the variable {location.Name} is not set; export it")),
        SecretKeeper.File => new(ReadFile(location)),
        _ => remote?.ReadAsync(location, cancellationToken)
            ?? throw new UserException($"{location}: secrets on AWS cannot be read here; use env:NAME or file:PATH"),
    };

    private string ReadFile(SecretLocation location)
    {
        var path = Path.Combine(folder, location.Name);
        try
        {
            var file = new FileInfo(path);
            return file.Length <= MaxFileBytes
                ? File.ReadAllText(path, Encoding.UTF8).TrimEnd('\r', '\n')
                : throw new UserException($"{location}: {path} is larger than {MaxFileBytes:N0} bytes");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{location}: {wrong.Message}", inner: wrong);
        }
    }
}
