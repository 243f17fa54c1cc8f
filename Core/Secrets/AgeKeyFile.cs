using System.Globalization;
using System.Text;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets;

/// <summary>Files of one key, written as age-keygen writes them.</summary>
public static class AgeKeyFile
{
    /// <summary>The text of a key file: when it was made, the public key, the secret key.</summary>
    /// <param name="identity">The key.</param>
    /// <param name="created">When, in the zone of the person who reads it.</param>
    public static string Text(AgeIdentity identity, DateTimeOffset created)
    {
        var zone = created.Offset == TimeSpan.Zero ? "'Z'" : "zzz";
        var time = created.ToString($"yyyy-MM-dd'T'HH:mm:ss{zone}", CultureInfo.InvariantCulture);
        return $"# created: {time}\n# public key: {identity.Recipient}\n{identity}\n";
    }

    /// <summary>Writes a new file that only its owner can read.</summary>
    /// <exception cref="SecretsException">The file is there already, or cannot be written.</exception>
    public static void Create(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using var file = new FileStream(path, options);
            file.Write(Encoding.ASCII.GetBytes(text));
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new SecretsException(SecretsFault.Key, $"{path} is there already and is not overwritten: a lost key cannot be had again. Give another name");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new SecretsException(SecretsFault.Key, $"{path} cannot be written: {wrong.Message}", wrong);
        }
    }
}
