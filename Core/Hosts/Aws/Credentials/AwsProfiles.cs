using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Credentials;

/// <summary>
/// The profiles of the shared files, <c>~/.aws/config</c> and <c>~/.aws/credentials</c>:
/// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html.
/// </summary>
/// <param name="variable">Gives a variable of the environment, or null.</param>
internal sealed class AwsProfiles(Func<string, string?> variable)
{
    private const string NameVariable = "AWS_PROFILE", DefaultName = "default";
    private const int MaxPathChars = 200;

    private readonly Lock gate = new();
    private bool wasRead;
    private CredentialProfile? selected;

    /// <summary>The name of the selected profile.</summary>
    public string Name => variable(NameVariable) is { } name && !string.IsNullOrWhiteSpace(name) ? name.Trim() : DefaultName;

    /// <summary>The profile that AWS_PROFILE names, or the one called default; null when there is no default one.</summary>
    /// <exception cref="UserException">AWS_PROFILE names one that is not there, or the files cannot be read.</exception>
    public CredentialProfile? Selected
    {
        get
        {
            lock (gate)
            {
                if (!wasRead)
                {
                    selected = Find(Name) ?? (Name == DefaultName ? null : throw new UserException(Missing(Name, NameVariable)));
                    wasRead = true;
                }

                return selected;
            }
        }
    }

    /// <summary>A profile; null when there is none of that name.</summary>
    /// <exception cref="UserException">The files cannot be read, or the profile refers to something that is not there.</exception>
    public static CredentialProfile? Find(string name)
    {
        try
        {
            return new SharedCredentialsFile().TryGetProfile(name, out var profile) ? profile : null;
        }
        catch (Exception wrong) when (wrong is AmazonClientException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UserException($"{Place(name)} cannot be read ({AwsErrors.Detail(wrong)}): correct it", inner: wrong);
        }
    }

    /// <summary>A profile and its files, for messages.</summary>
    public static string Place(string name) => $"the profile {Printable.Word(name)} of {Files("and")}";

    /// <summary>What is said of a profile that is not there.</summary>
    /// <param name="name">The profile.</param>
    /// <param name="named">What names it.</param>
    public static string Missing(string name, string named) =>
        $"there is no profile {Printable.Word(name)} ({named}) with valid settings in {Files("or")}: correct the name or the file; " +
            "'aws configure list-profiles' lists the profiles";

    /// <summary>Those of the two that are there; both where neither is.</summary>
    private static string Files(string and)
    {
        string[] both = [SharedCredentialsFile.DefaultConfigFilePath, SharedCredentialsFile.DefaultFilePath];
        var there = both.Where(File.Exists).ToList();
        return string.Join($" {and} ", (there.Count > 0 ? there : [.. both]).Select(file => Printable.Line(file, MaxPathChars)));
    }
}
