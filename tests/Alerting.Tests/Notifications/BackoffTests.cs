using Millrace.Alerting.Notifications;
using Xunit;

namespace Millrace.Alerting.Tests.Notifications;

public sealed class BackoffTests
{
    private static readonly DeliveryOptions Options = new() { BaseDelay = TimeSpan.FromSeconds(2), MaxDelay = TimeSpan.FromSeconds(60) };

    [Theory]
    [InlineData(1, 0.5, null, 1)]
    [InlineData(2, 0.5, null, 2)]
    [InlineData(4, 0.5, null, 8)]
    [InlineData(5, 1, null, 32)]
    [InlineData(6, 1, null, 60)]
    [InlineData(1000, 1, null, 60)]
    [InlineData(1, 0.5, 20, 20)]
    [InlineData(4, 0.75, 5, 12)]
    [InlineData(1, 0.5, 3600, 60)]
    public void After_delay_doubles_up_to_its_limit_and_is_never_less_than_asked(int attempts, double random, int? retryAfter, double seconds) =>
        Assert.Equal(
            TimeSpan.FromSeconds(seconds), Backoff.After(Options, attempts, retryAfter is { } s ? TimeSpan.FromSeconds(s) : null, random));

    [Fact]
    public void After_full_jitter_reaches_down_to_almost_nothing() =>
        Assert.Equal(TimeSpan.FromMilliseconds(1), Backoff.After(Options, 5, null, 0));
}
