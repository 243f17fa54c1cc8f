namespace IacCi.Tests.Unit.Terminal;

/// <summary>What people see, held against files. UPDATE_GOLDEN=1 writes the files instead of comparing with them.</summary>
internal static class Golden
{
    public static async Task ExpectAsync(string text, string name)
    {
        var file = Path.Join(Repository.Root, "tests", "golden", "terminal", name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text + "\n");
        }

        await Assert.That(text + "\n").IsEqualTo(await File.ReadAllTextAsync(file));
    }
}
