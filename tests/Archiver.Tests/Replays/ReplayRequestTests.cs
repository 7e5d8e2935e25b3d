using System.Text;
using Millrace.Archiver.Replays;
using Xunit;

namespace Millrace.Archiver.Tests.Replays;

public sealed class ReplayRequestTests
{
    [Fact]
    public void Range_of_rollups_is_widened_to_whole_days()
    {
        var request = Parse("""{"target":"rollups","stream":"shop","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:01Z"}""", out _);

        Assert.NotNull(request);
        Assert.Equal(("rollups", "shop"), (request.Target, request.Stream));
        Assert.Equal(DateTimeOffset.Parse("2026-03-04T00:00:00Z").ToUnixTimeMilliseconds(), request.FromMs);
        Assert.Equal(DateTimeOffset.Parse("2026-03-06T00:00:00Z").ToUnixTimeMilliseconds(), request.ToMs);
    }

    [Theory]
    [InlineData("", "Not JSON")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("""{"target":"rollups","target":"table"}""", "Not JSON")]
    [InlineData("""{"target":"windows","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:00Z"}""", "must be rollups or table")]
    [InlineData("""{"target":"rollups","tenant":"other","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:00Z"}""", "'tenant' is not known here")]
    [InlineData("""{"target":"table","table":"x; DROP TABLE events","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:00Z"}""", "'table' stands with")]
    [InlineData("""{"target":"rollups","stream":"../x","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:00Z"}""", "no name of a stream")]
    [InlineData("""{"target":"rollups","from":"2026-03-05T10:00:00Z","to":"2026-03-04T00:00:00Z"}""", "must lie before")]
    [InlineData("""{"target":"rollups","from":"yesterday","to":"2026-03-04T00:00:00Z"}""", "RFC 3339")]
    [InlineData("""{"target":"\ud800","from":"2026-03-04T10:00:00Z","to":"2026-03-05T00:00:00Z"}""", "half a surrogate pair")]
    public void Body_that_is_no_request_is_refused_with_what_is_wrong(string body, string part)
    {
        Assert.Null(Parse(body, out var fault));
        Assert.Contains(part, fault, StringComparison.Ordinal);
    }

    private static ReplayRequest? Parse(string body, out string fault) => ReplayRequest.Parse(Encoding.UTF8.GetBytes(body), out fault);
}
