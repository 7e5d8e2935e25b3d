using System.Text.Json;
using Millrace.Archiver.Api;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class QueryParameterTests
{
    [Theory]
    [InlineData("\"it's\"", "it's")]
    [InlineData("1.50", "1.50")]
    [InlineData("true", "true")]
    [InlineData("[1,[2,3]]", "[1,[2,3]]")]
    [InlineData("[\"a'b\",\"c\\\\d\"]", @"['a\'b','c\\d']")]
    [InlineData("[]", "[]")]
    public void TryWrite_supported_value_writes_text(string json, string expected)
    {
        Assert.True(QueryParameter.TryWrite(JsonElement.Parse(json), out var text));
        Assert.Equal(expected, text);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[null]")]
    public void TryWrite_unsupported_value_is_refused(string json) => Assert.False(QueryParameter.TryWrite(JsonElement.Parse(json), out _));
}
