namespace IacCi.Core.Local;

/// <summary>Creates objects that all have the same content, as names of one file. May be used by several threads at once.</summary>
public sealed class ObjectStamp : IDisposable
{
    /// <summary>The most names that are given to one file; ext4 allows 65,000 (https://docs.kernel.org/filesystems/ext4/inodes.html, i_links_count).</summary>
    private const int MaxNames = 30_000;

    private readonly Func<string> stage;
    private readonly Func<string, string> pathOf;
    private readonly Action<string> written;
    private readonly Lock gate = new();
    private string? staged;
    private int names;

    internal ObjectStamp(Func<string> stage, Func<string, string> pathOf, Action<string> written) =>
        (this.stage, this.pathOf, this.written) = (stage, pathOf, written);

    /// <summary>Creates the object, if the key is free.</summary>
    public bool Create(string key)
    {
        lock (gate)
        {
            if (staged is null || names == MaxNames)
            {
                Drop();
                (staged, names) = (stage(), 0);
            }

            if (!FolderObjectStore.TryLink(staged, pathOf(key)))
            {
                return false;
            }

            names++;
        }

        written(key);
        return true;
    }

    /// <summary>Removes the file's first name; the objects stay.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            Drop();
        }
    }

    private void Drop()
    {
        if (staged is not null)
        {
            File.Delete(staged);
            staged = null;
        }
    }
}
