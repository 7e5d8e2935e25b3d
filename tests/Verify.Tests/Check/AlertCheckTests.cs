using Millrace.Verify.Check;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Check;

public sealed class AlertCheckTests
{
    [Theory]
    [InlineData("resolved", 1, 1)]
    [InlineData("resolved", 0, 1, "lost alert a: nobody was told that it is firing")]
    [InlineData("resolved", 1, 0, "lost alert a: nobody was told that it is resolved")]
    [InlineData("resolved", 2, 1, "doubled alert a: 2 notifications say that it is firing")]
    [InlineData("resolved", 1, 2, "doubled alert a: 2 notifications say that it is resolved")]
    [InlineData("firing", 1, 0, "lost alert a: is firing, though nothing comes any more")]
    public void Alert_is_told_of_when_it_fires_and_when_it_is_over(string state, int firing, int resolved, params string[] expected) =>
        Assert.Equal(
            expected,
            AlertCheck.Compare(("acme", "shop"), [new FoundAlert("a", state)], (_, status) => [.. Enumerable.Range(0, status == "firing" ? firing : resolved).Select(id => $"{id}")])
                .Select(difference => $"{difference.Kind} {difference.Detail}"));
}
