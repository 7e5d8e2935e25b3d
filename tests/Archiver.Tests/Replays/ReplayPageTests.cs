using Microsoft.AspNetCore.Http;
using Millrace.Archiver.Replays;
using Xunit;

namespace Millrace.Archiver.Tests.Replays;

public sealed class ReplayPageTests
{
    private const string Id = "0194f3c8-7c1e-7e5a-8b65-4f2d3c1b0a99";

    [Theory]
    [InlineData("?cursor=" + Id, true)]
    [InlineData("?cursor=%09" + Id, false)]
    [InlineData("?cursor=" + Id + "%20", false)]
    [InlineData("?cursor=0194F3C8-7c1e-7e5a-8b65-4f2d3c1b0a99", false)]
    [InlineData("?limit=500", true)]
    [InlineData("?limit=501", false)]
    public void Page_begins_behind_an_id_as_it_was_written_and_nothing_else(string query, bool taken)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString(query);

        Assert.Equal(taken, ReplayEndpoints.TryReadPage(http, out _, out _, out var refusal));
        Assert.Equal(taken, refusal is null);
    }
}
