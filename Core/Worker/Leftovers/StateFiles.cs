using System.Text.Json;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Tells Terraform's state from other files, by name, or by what is in it. (OpenTofu and Terragrunt use the same names.)</summary>
internal static class StateFiles
{
    /// <summary>
    /// The folder in which <c>terraform init</c> keeps what it can make again: providers, modules, and a file named like state that only
    /// says which backend is used (https://developer.hashicorp.com/terraform/cli/init). Nothing below it is state.
    /// </summary>
    public const string DataFolder = ".terraform";

    /// <summary>The file in the data folder that says which backend is used.</summary>
    public const string BackendRecord = "terraform.tfstate";

    private const string Extension = ".tfstate";

    /// <summary>What the local backend calls the state before the last one.</summary>
    private const string BackupExtension = ".backup";

    /// <summary>
    /// The largest file that is looked into as a backend's record, in bytes: what <c>terraform init</c> writes is far smaller.
    /// </summary>
    private const int MaxBackendRecordBytes = 1 << 20;

    /// <summary>
    /// Whether a file with this path may hold state: <c>terraform.tfstate</c>, <c>errored.tfstate</c>, those of workspaces, and what
    /// <c>-state-out</c> names so.
    /// </summary>
    public static bool IsNamedSo(string path) =>
        path.EndsWith(Extension, StringComparison.Ordinal) && !path.Split('/').SkipLast(1).Contains(DataFolder, StringComparer.Ordinal);

    /// <summary>Whether it is the copy of older state that Terraform makes beside the state, under any name.</summary>
    public static bool IsBackup(string path) => path.EndsWith(BackupExtension, StringComparison.Ordinal);

    /// <summary>
    /// Whether a file holds state, whatever its name: an object with the members that Terraform gives to every state (version 3 or 4), and
    /// OpenTofu to encrypted ones.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static bool HoldsState(string file)
    {
        using var content = File.OpenRead(file);
        return StateContent.IsState(content) && !IsBackendRecordOf(content, out _);
    }

    /// <summary>
    /// Whether a file of such a name is no state after all: an empty one (<c>terraform init -migrate-state</c> leaves it behind), or the
    /// record of a backend in a data folder of another name (TF_DATA_DIR).
    /// </summary>
    public static bool IsNone(string file)
    {
        using var content = File.OpenRead(file);
        return content.Length == 0 || IsBackendRecordOf(content, out _);
    }

    /// <summary>
    /// The path at which the local backend keeps state, as a backend's record says; null when there is no such record, or another backend.
    /// </summary>
    public static string? LocalPath(string record) => ReadRecord(record) is { IsLocal: true, Path: { Length: > 0 } path } ? path : null;

    /// <summary>
    /// Whether a backend's record names one that keeps state elsewhere: then state in a file is what somebody asked to see of it.
    /// </summary>
    public static bool IsElsewhere(string record) => ReadRecord(record) is { IsLocal: false };

    private static Record? ReadRecord(string file)
    {
        try
        {
            if (FileStatus.Find(file) is not { IsFile: true })
            {
                return null;
            }

            using var content = File.OpenRead(file);
            return IsBackendRecordOf(content, out var record) ? record : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // State of another name is still known by its content.
            return null;
        }
    }

    private static bool IsBackendRecordOf(Stream content, out Record record)
    {
        record = default;
        if (content.Length > MaxBackendRecordBytes)
        {
            return false;
        }

        content.Position = 0;
        try
        {
            using var json = JsonDocument.Parse(content);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("backend", out var backend)
                || root.TryGetProperty("resources", out _))
            {
                return false;
            }

            record = new Record(
                TextOf(backend, "type") == "local",
                backend.ValueKind == JsonValueKind.Object && backend.TryGetProperty("config", out var config)
                    ? TextOf(config, "path")
                    : null);
            return true;
        }
        catch (JsonException)
        {
            // Whatever it is, it is kept.
            return false;
        }
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private readonly record struct Record(bool IsLocal, string? Path);
}
