using System.Text.Json;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Tells Terraform's state from other files. (OpenTofu and Terragrunt use the same names.)</summary>
internal static class StateFiles
{
    /// <summary>
    /// The folder in which <c>terraform init</c> keeps what it can make again: providers, modules, and a file named like state that only says which backend
    /// is used (https://developer.hashicorp.com/terraform/cli/init). Nothing below it is state.
    /// </summary>
    public const string DataFolder = ".terraform";

    private const string Extension = ".tfstate";

    /// <summary>The largest file that is looked into, in bytes: what <c>terraform init</c> writes about a backend is far smaller.</summary>
    private const int MaxBackendRecordBytes = 1 << 20;

    /// <summary>Whether a file with this path may hold state: <c>terraform.tfstate</c>, <c>errored.tfstate</c>, those of workspaces, and what <c>-state-out</c> names so.</summary>
    public static bool IsNamedSo(string path) =>
        path.EndsWith(Extension, StringComparison.Ordinal) && !path.Split('/').SkipLast(1).Contains(DataFolder, StringComparer.Ordinal);

    /// <summary>
    /// Whether a file of such a name is no state after all: an empty one (<c>terraform init -migrate-state</c> leaves it behind), or the record of a backend in a
    /// data folder of another name (TF_DATA_DIR).
    /// </summary>
    public static bool IsNone(string file)
    {
        using var content = File.OpenRead(file);
        return content.Length == 0 || (content.Length <= MaxBackendRecordBytes && IsBackendRecord(content));
    }

    private static bool IsBackendRecord(Stream content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("backend", out _) && !json.RootElement.TryGetProperty("resources", out _);
        }
        catch (JsonException)
        {
            // Whatever it is, it is kept.
            return false;
        }
    }
}
