using System.Text;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

internal sealed class BlobStreamTests
{
    private const int MaxBytes = 8;

    [Test]
    public async Task Each_blob_is_handed_on_whole_but_not_what_is_too_large_and_what_is_missing_is_named()
    {
        var (taken, missing) = Read("a1 blob 3\none\na2 missing\na3 blob 9\n123456789\na4 blob 0\n\n");
        await Assert.That(string.Join(' ', taken)).IsEqualTo("a1=one a3=(too large) a4=");
        await Assert.That(string.Join(' ', missing)).IsEqualTo("a2");
    }

    [Test]
    [Arguments("a1 blo")]
    [Arguments("a1 blob 3\non")]
    [Arguments("a1 blob 3\none")]
    [Arguments("a1 blob 9\n1234")]
    public async Task Where_git_breaks_off_it_is_said_what_to_do(string output) =>
        await Assert.That(() => Read(output)).Throws<UserException>().WithMessageContaining("git fsck");

    private static (List<string> Taken, List<string> Missing) Read(string output)
    {
        List<string> taken = [], missing = [];
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(output));
        BlobStream.Read(stream, MaxBytes, (id, content) => taken.Add($"{id}={Show(content)}"), missing.Add, CancellationToken.None);
        return (taken, missing);

        static string Show(ReadOnlyMemory<byte>? content) => content is { } bytes ? Encoding.ASCII.GetString(bytes.Span) : "(too large)";
    }
}
