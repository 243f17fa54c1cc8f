using System.Text;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>Secrets of one machine: variables of this process and files; everything else is asked of <paramref name="remote"/>.</summary>
/// <param name="variable">Gives a variable of the environment, or null.</param>
/// <param name="folder">What a relative path of a file starts from.</param>
/// <param name="remote">Reads SSM and Secrets Manager, or null.</param>
/// <param name="withheld">A location that is not read, however it is written; or null.</param>
internal sealed class LocalSecrets(
    Func<string, string?> variable, string folder, ISecretSource? remote, SecretLocation? withheld = null) : ISecretSource
{
    /// <summary>The largest secret file, in bytes (Secrets Manager's own bound).</summary>
    public const int MaxFileBytes = 64 << 10;

    /// <inheritdoc/>
    public ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken) => location.Keeper switch
    {
        _ when IsWithheld(location) => throw new UserException($"{location} belongs to the server itself, and no job may read it"),
        SecretKeeper.Environment =>
            new(variable(location.Name) ?? throw new UserException($"{location}: the variable {location.Name} is not set; export it")),
        SecretKeeper.File => new(ReadFile(location)),
        _ => remote?.ReadAsync(location, cancellationToken)
            ?? throw new UserException($"{location}: secrets on AWS cannot be read here; use env:NAME or file:PATH"),
    };

    private bool IsWithheld(SecretLocation location) => withheld is { } own && own.Keeper == location.Keeper
        && (location.Keeper == SecretKeeper.File ? RealPath(location.Name) == RealPath(own.Name) : location.Name == own.Name);

    /// <summary>Where a file is, after the links of its last part.</summary>
    private string RealPath(string name)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            // It is not there, or its links lead in a circle: reading it says so.
            return path;
        }
    }

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
