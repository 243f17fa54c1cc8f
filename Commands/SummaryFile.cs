using System.Text;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>The file that <c>run --summary</c> appends to. It is a convenience: what happens to it changes nothing about the run.</summary>
internal static class SummaryFile
{
    /// <summary>The whole name of the file. One that cannot be written is refused before anything starts.</summary>
    /// <exception cref="UserException">It cannot be written.</exception>
    public static string? Checked(string? file)
    {
        try
        {
            if (file is not null)
            {
                using var opened = new FileStream(file, FileMode.Append, FileAccess.Write);
            }

            return file is null ? null : Path.GetFullPath(file);
        }
        catch (Exception wrong) when (FileErrors.Are(wrong))
        {
            throw new UserException($"--summary {Printable.Word(file!)} cannot be written: {FileErrors.Why(file!, wrong)}", inner: wrong);
        }
    }

    /// <summary>
    /// Appends a page, with an empty line between it and what is there. When that fails, a line says so, and nothing else happens.
    /// </summary>
    public static void Append(string file, string page, Action<string> tell)
    {
        try
        {
            using var opened = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            opened.Write(Encoding.UTF8.GetBytes(Gap(opened) + page));
        }
        catch (Exception wrong) when (FileErrors.Are(wrong))
        {
            tell($"the page about the run could not be written to {Printable.Word(file)}: {FileErrors.Why(file, wrong)}; 'iac-ci " +
                $"comment RUN' prints it");
        }
    }

    /// <summary>What has to stand between the end of the file and a heading; the file is at its end afterwards.</summary>
    private static string Gap(FileStream file)
    {
        if (!file.CanSeek)
        {
            return "\n"; // A pipe: nobody knows what stands before.
        }

        Span<byte> last = stackalloc byte[2];
        file.Seek(-Math.Min(2, file.Length), SeekOrigin.End);
        last = last[..file.ReadAtLeast(last, 2, throwOnEndOfStream: false)];
        return last.IsEmpty || last.SequenceEqual("\n\n"u8) ? "" : last[^1] == (byte)'\n' ? "\n" : "\n\n";
    }
}
