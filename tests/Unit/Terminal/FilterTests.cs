using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>Which runs a list shows, and how.</summary>
internal sealed class FilterTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private static readonly IReadOnlyList<RunList.Entry> Runs =
    [
        Entry("today", Now.AddHours(-2), JobStatus.Active, "network"),
        Entry("dead", Now.AddDays(-1), JobStatus.Active, "network") with { IsAbandoned = true },
        Entry("monday", new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero), JobStatus.TimedOut, "dns"),
        Entry("sunday", new DateTimeOffset(2026, 11, 22, 23, 59, 59, TimeSpan.Zero), JobStatus.Failed, null, FailureReason.Cancelled),
    ];

    private static RunList.Entry Entry(string id, DateTimeOffset at, JobStatus status, string? title, string? reason = null) => new(
        SampleRuns.Run().Job with
        {
            RunId = RunId.Parse(id),
            CreatedAt = at,
            Status = status,
            Title = title,
            FailureReason = reason,
            FinishedAt = status.IsFinal() ? at.AddMinutes(2) : null,
        },
        IsAbandoned: false);

    private static string Shown(RunFilter filter) => string.Join(' ', filter.Apply(Runs).Select(run => run.Job.RunId));

    [Test]
    public async Task Runs_are_chosen_by_time_status_title_and_number()
    {
        await Assert.That(Shown(new RunFilter())).IsEqualTo("today dead monday sunday");
        await Assert.That(Shown(new RunFilter { Since = At("2026-11-23"), Until = At("2026-11-24") })).IsEqualTo("monday");
        await Assert.That(Shown(new RunFilter { Since = At("2d") })).IsEqualTo("today dead");
        await Assert.That(Shown(new RunFilter { Statuses = ["timed_out", "cancelled"] })).IsEqualTo("monday sunday");
        await Assert.That(Shown(new RunFilter { Statuses = ["interrupted"] })).IsEqualTo("dead");
        await Assert.That(Shown(new RunFilter { Title = "NET" })).IsEqualTo("today dead");
        await Assert.That(Shown(new RunFilter { Limit = 2 })).IsEqualTo("today dead");
    }

    private static DateTimeOffset At(string text) =>
        RunFilter.TryParseTime(text, Now, out var time) ? time : throw new ArgumentException(text);

    [Test]
    [Arguments("90s", "2026-11-25T11:58:30Z")]
    [Arguments("2w", "2026-11-11T12:00:00Z")]
    [Arguments("999999w", "1970-01-01T00:00:00Z")]
    [Arguments("2026-11-23 10:30", "2026-11-23T10:30:00Z")]
    [Arguments("2026-11-23T10:30:05+02:00", "2026-11-23T08:30:05Z")]
    public async Task Times_are_read_as_people_write_them(string text, string expected) =>
        await Assert.That(At(text)).IsEqualTo(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));

    [Test]
    [Arguments("")]
    [Arguments("3")]
    [Arguments("d")]
    [Arguments("-3d")]
    [Arguments("3 d")]
    [Arguments("1.5h")]
    [Arguments("monday")]
    [Arguments("2026-13-01")]
    [Arguments("23.11.2026")]
    public async Task Anything_else_is_no_time(string text) => await Assert.That(RunFilter.TryParseTime(text, Now, out _)).IsFalse();

    [Test]
    public async Task A_list_reads_as_the_golden_file() =>
        await Golden.ExpectAsync(string.Join('\n', RunList.Of(Runs, Now, withTitles: true, width: null, new Palette(false))), "list");

    [Test]
    [Arguments(20)]
    [Arguments(40)]
    [Arguments(80)]
    public async Task On_a_terminal_no_line_is_wider_than_it(int width) =>
        await Assert.That(RunList.Of(Runs, Now, withTitles: true, width, new Palette(false)).Max(TerminalWidth.Of))
            .IsLessThanOrEqualTo(width);
}
