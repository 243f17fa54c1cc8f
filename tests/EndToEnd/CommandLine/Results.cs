using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.CommandLine;

/// <summary>How results are asked for and where they go.</summary>
internal sealed class Results
{
    [Test]
    public async Task A_page_that_cannot_be_written_at_the_end_is_told_and_changes_nothing_else()
    {
        using var place = new LocalFixture();
        place.WithOrders(LocalFixture.Order("a", $"rm {place["page.md"]}", $"mkdir {place["page.md"]}"));
        var ended = await place.RunAsync("run", "job.json", "--summary", "page.md");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Output).Contains("succeeded");
        await Assert.That(ended.Errors).Contains("the page about the run could not be written").And.Contains("it is a folder");
    }

    [Test]
    [Arguments("", "#")]
    [Arguments("before", "before\n\n#")]
    [Arguments("before\n", "before\n\n#")]
    [Arguments("before\n\n", "before\n\n#")]
    public async Task A_page_begins_behind_an_empty_line(string before, string after)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true")).With("page.md", before);
        await Assert.That((await place.RunAsync("run", "job.json", "--summary", "page.md")).ExitCode).IsEqualTo(0);
        await Assert.That(await File.ReadAllTextAsync(place["page.md"])).StartsWith(after);
    }

    [Test]
    [Arguments("b")]
    [Arguments("2")]
    [Arguments("0002")]
    public async Task An_order_is_found_by_its_name_and_by_its_number(string order)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo first"), LocalFixture.Order("b", "echo second"));
        await place.RunAsync("run", "job.json", "--run-id", "run");
        await Assert.That((await place.RunAsync("logs", "run", order)).Output).IsEqualTo("second\n");
        await Assert.That((string)(await place.RunAsync("logs", "run", order, "-o", "json")).Json["orders"]![0]!["log"]!)
            .IsEqualTo("second\n");
    }

    [Test]
    [Arguments("comment run", "comment")]
    [Arguments("graph job.json", "orders")]
    [Arguments("validate job.json", "warnings")]
    [Arguments("status run", "summary")]
    [Arguments("schema", "$schema")]
    public async Task Every_result_comes_as_json_too(string command, string member)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        await place.RunAsync("run", "job.json", "--run-id", "run");
        await Assert.That((await place.RunAsync([.. command.Split(' '), "-o", "json"])).Json[member]).IsNotNull();
    }

    [Test]
    public async Task What_is_encrypted_into_a_file_is_decrypted_into_another_and_neither_is_overwritten()
    {
        using var place = new LocalFixture().With("app.json", """{"a": "b"}""");
        await place.RunAsync("secrets", "keygen", "-o", "key.txt");
        var recipient = (await place.RunAsync("secrets", "keygen", "-y", "key.txt")).Output.Trim();
        await Assert.That((await place.RunAsync("secrets", "encrypt", "--age", recipient, "app.json", "-o", "app.enc.json")).ExitCode)
            .IsEqualTo(0);
        await Assert.That(
            (await place.RunAsync("secrets", "decrypt", "--age-key-file", "key.txt", "app.enc.json", "-o", "plain.json")).ExitCode)
            .IsEqualTo(0);
        await Assert.That(await File.ReadAllTextAsync(place["plain.json"])).Contains("\"b\"");
        await Assert.That(File.GetUnixFileMode(place["plain.json"])).IsEqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var again = await place.RunAsync("secrets", "decrypt", "--age-key-file", "key.txt", "app.enc.json", "-o", "plain.json");
        await Assert.That((again.ExitCode, again.Errors.Contains("is there already and is not overwritten", StringComparison.Ordinal)))
            .IsEqualTo((2, true));
    }
}
