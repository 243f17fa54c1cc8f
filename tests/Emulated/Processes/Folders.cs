namespace IacCi.Emulated.Processes;

/// <summary>Temporary folders of processes.</summary>
internal static class Folders
{
    /// <summary>Deletes a folder; what another process still holds or just made is left to the end of the emulator.</summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // A process of the group that is being killed may still write.
        }
        catch (UnauthorizedAccessException)
        {
            // A command may have made a folder that nobody can read.
        }
    }
}
