using Millrace.Archiver.Blocks;
using Xunit;

namespace Millrace.Archiver.Tests.Blocks;

public sealed class TargetPlanTests
{
    [Theory]
    [InlineData("1970-01-05T00:00:00Z", "1970-01-05")]
    [InlineData("1970-01-11T23:59:59.999Z", "1970-01-05")]
    [InlineData("1970-01-04T00:00:00Z", "1969-12-29")]
    [InlineData("1969-12-31T23:59:59.999Z", "1969-12-29")]
    [InlineData("2026-06-29T00:00:00Z", "2026-06-29")]
    [InlineData("2026-07-05T23:59:59.999Z", "2026-06-29")]
    public void WeekOf_any_time_is_its_Monday(string time, string monday)
    {
        var week = TargetPlan.WeekOf(DateTimeOffset.Parse(time).ToUnixTimeMilliseconds());

        Assert.Equal(DateOnly.Parse(monday), DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(week)));
    }

    [Fact]
    public void Fill_plan_by_week_marks_each_row()
    {
        var monday = DateTimeOffset.Parse("2026-06-29T00:00:00Z").ToUnixTimeMilliseconds();
        var plan = TargetPlan.Of(new Dictionary<int, Target>
        {
            [TargetPlan.WeekOf(monday)] = Target.Hour | Target.Day,
            [TargetPlan.WeekOf(monday - 1)] = Target.None,
        });
        var bytes = new byte[4];

        plan.Fill(bytes, [monday, monday - 1, monday + 1, monday + (8 * 86_400_000L)]);

        Assert.Equal([12, 0, 12, 0], bytes);
    }
}
