using Millrace.Installations;
using Millrace.Verify.Observe;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Tests.Observe;

public sealed class RestTests
{
    [Theory]
    [InlineData(90, 99, "the aggregator has counted 99 of 100, the archiver has 90 of 99 in both stores")]
    [InlineData(99, 100, "0 pending")]
    public void Ledger_says_who_is_behind(long archived, long counted, string text) =>
        Assert.Equal(text, Rest.Pending(new Ledger("acme", 100, counted - 2, 1, 0, 1, 1, archived, 0)));

    [Fact]
    public async Task Wait_for_an_installation_that_is_gone_ends_and_says_what_it_waited_for()
    {
        await using var target = new GoneTarget();
        var rest = new Rest(target, TimeSpan.Zero, _ => { });

        var error = await Assert.ThrowsAsync<TimeoutException>(() => rest.SettleAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith("not at rest within 0 s: acme: the ledger can't be read; /health/ready does not answer", error.Message, StringComparison.Ordinal);
    }

    private sealed class GoneTarget : ITarget
    {
        public string Name => "gone";

        // Nobody listens on the port of discard.
        public Uri Url => new("http://127.0.0.1:9/");

        public IReadOnlyList<string> Tenants => ["acme"];

        public string StreamPrefix => "";

        public string Output => "";

        public string CredentialOf(string tenant) => "key";

        public IAsyncEnumerable<string>? ObjectLines(string tenant, string stream) => null;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
