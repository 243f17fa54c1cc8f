using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.CommandLine;

/// <summary>What <c>iac-ci --version</c> says.</summary>
public sealed class VersionTests
{
    [Test]
    public async Task The_version_names_the_commit_that_was_built()
    {
        using var place = new LocalFixture();
        var said = (await place.RunAsync("--version")).Output.Trim();
        await Assert.That(said).Matches(@"^\d+\.\d+\.\d+\+[0-9a-f]{12}(-dirty)?$");
    }
}
