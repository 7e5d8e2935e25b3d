using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Millrace.Archiver.Api;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class ArgumentsTests
{
    [Theory]
    [InlineData("2026-07-01T10:00:00Z", 1_782_900_000_000)]
    [InlineData("2026-07-01T12:00:00+02:00", 1_782_900_000_000)]
    [InlineData("2026-07-01T12:00:00 02:00", 1_782_900_000_000)]
    [InlineData("2026-07-01T10:00:00", 1_782_900_000_000)]
    [InlineData("1782900000000", 1_782_900_000_000)]
    public void Time_any_form_is_milliseconds(string text, long expected)
    {
        var arguments = Of(("from", text));

        Assert.Equal(expected, arguments.Time("from", 0));
        Assert.Null(arguments.Error);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public void Time_nonsense_is_an_error(string text)
    {
        var arguments = Of(("from", text));

        arguments.Time("from", 0);

        Assert.Equal("from", arguments.Error?.Field);
    }

    [Fact]
    public void Error_is_the_first_one()
    {
        var arguments = Of(("limit", "0"), ("agg", "week"));

        arguments.Stream();
        arguments.Number("limit", 10, 1, 100);
        arguments.OneOf("agg", 1, new Dictionary<string, int> { ["day"] = 1 });

        Assert.Equal(("stream", "stream is required."), arguments.Error);
    }

    private static Arguments Of(params (string Name, string Value)[] query) =>
        new(new QueryCollection(query.ToDictionary(entry => entry.Name, entry => new StringValues(entry.Value))));
}
