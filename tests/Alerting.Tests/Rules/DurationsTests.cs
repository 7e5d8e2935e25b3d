using Millrace.Alerting.Rules;
using Xunit;

namespace Millrace.Alerting.Tests.Rules;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("0", 0, "0s")]
    [InlineData("500ms", 500, "500ms")]
    [InlineData("3s", 3_000, "3s")]
    [InlineData("1m30s", 90_000, "1m30s")]
    [InlineData("90s", 90_000, "1m30s")]
    [InlineData("2h", 7_200_000, "2h")]
    [InlineData("1d2h3m4s5ms", 93_784_005, "1d2h3m4s5ms")]
    [InlineData("1w", 604_800_000, "1w")]
    [InlineData("10y", 315_360_000_000, "10y")]
    public void TryParse_duration_is_read_and_written_back(string text, long milliseconds, string written)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
        Assert.Equal(written, Durations.Format(duration));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("3")]
    [InlineData("s")]
    [InlineData("-3s")]
    [InlineData("1.5s")]
    [InlineData("3s1m")]
    [InlineData("1s1s")]
    [InlineData("3 s")]
    [InlineData("3S")]
    [InlineData("PT3S")]
    [InlineData("11y")]
    [InlineData("9999999999999999999ms")]
    public void TryParse_anything_else_is_refused(string? text) => Assert.False(Durations.TryParse(text, out _));
}
