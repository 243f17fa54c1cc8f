using CsCheck;
using IacCi.Core.Reporting;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Reporting;

internal sealed class SafeTextTests
{
    [Test]
    [Arguments("vpc-1", "<code>vpc-1</code>")]
    [Arguments("a|b", "<code>a&#124;b</code>")]
    [Arguments("<b>&`*_@#", "<code>&#60;b&#62;&#38;&#96;&#42;&#95;&#64;&#35;</code>")]
    [Arguments("größe 鍵 🚀", "<code>größe 鍵 🚀</code>")]
    [Arguments(" two\r\nlines\t", "<code>two lines</code>")]
    [Arguments("a\u202Eb\u0000c\ud800", "<code>a\uFFFDbc\uFFFD</code>")]
    public async Task Inline_code_is_nothing_but_text(string text, string expected) =>
        await Assert.That(SafeText.Code(text, 60)).IsEqualTo(expected);

    [Test]
    public async Task A_cut_shows_and_splits_no_character()
    {
        await Assert.That(Cut.WithEllipsis("abcdef", 4)).IsEqualTo("abc…");
        await Assert.That(Cut.WithEllipsis("ab🚀cd", 4)).IsEqualTo("ab…");
        await Assert.That(Cut.WithEllipsis("abcd", 4)).IsEqualTo("abcd");
    }

    [Test]
    [Arguments("\u001b[1;31mred\u001b[0m", "red")]
    [Arguments("\u001b]0;title\u0007x\u001b]8;;http://a\u001b\\link\u001b]8;;\u001b\\", "xlink")]
    [Arguments("10%\r50%\r100%\ndone\r\n", "100%\ndone")]
    [Arguments("a\b\0\u0007b\tc", "b\tc")]
    [Arguments("\u001b]0;title\u0007kept", "kept")]
    [Arguments("\u001b]8;;https://a/b?c\u0007link\u001b]8;;\u0007 after", "link after")]
    [Arguments("\u009b1;31mred\u009bm \u009d0;title\u009cafter", "red after")]
    [Arguments("wait |\b/\b-\b\\\b \bdone\nnext", "wait done\nnext")]
    [Arguments("⠋\b⠙\b⠹\b😀\bok", "ok")]
    [Arguments("12%\b\b\b99%", "99%")]
    [Arguments("a\b", "a")]
    [Arguments("\u001b(B\u001b7\u001b=shown \u001bend", "shown end")]
    [Arguments("one \u001b]0;never ended\ntwo", "one\ntwo")]
    [Arguments("\u001b[3\u001b[32mgreen", "green")]
    [Arguments("50%\r\u001b[K100%\r\n\u001b[2K\u001b[1Aok", "100%\nok")]
    [Arguments("\n\n  x  \n\n", "  x")]
    [Arguments("👩‍💻 ok", "👩‍💻 ok")]
    public async Task Output_is_as_a_terminal_leaves_it(string log, string expected) =>
        await Assert.That(SafeText.CleanLog(log)).IsEqualTo(expected);

    [Test]
    public void Cleaning_twice_is_cleaning_once() =>
        Gen.Char["\u001b[]m;\r\n\t \u0007ab`\u202e\ud83d\ude00\\"].Array[0, 40].Select(c => new string(c))
            .Sample(log => SafeText.CleanLog(SafeText.CleanLog(log)) == SafeText.CleanLog(log), iter: 20_000);

    [Test]
    public void No_line_of_an_output_can_end_its_fence() =>
        Gen.Char["`~ \na"].Array[0, 60].Select(c => SafeText.CleanLog(new string(c))).Sample(
            log =>
            {
                var lines = SafeText.Fence(log).Split('\n');
                var fence = lines[^1];
                return lines[0] == fence + "text" && lines[1..^1].All(line => !line.Contains(fence, StringComparison.Ordinal));
            },
            iter: 5_000);

    [Test]
    public async Task A_mermaid_label_cannot_leave_its_quotes() =>
        await Assert.That(SafeText.MermaidLabel("a\"]; click #1 `x`", 40)).IsEqualTo("a#34;#93;#59; click #35;1 #96;x#96;");
}
