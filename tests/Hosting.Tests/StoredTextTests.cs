using System.Text;
using Millrace.Hosting.Http;
using Millrace.Hosting.Schema;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class StoredTextTests
{
    [Theory]
    [InlineData("plain", 10, "plain")]
    [InlineData("plain", 2, "pl")]
    [InlineData("a😀", 2, "a")]
    [InlineData("a😀", 3, "a😀")]
    [InlineData("a\0b", 10, "a\uFFFDb")]
    [InlineData("", 10, "")]
    public void Of_cuts_between_characters_and_replaces_what_no_database_takes(string text, int longest, string expected) =>
        Assert.Equal(expected, StoredText.Of(text, longest));

    [Fact]
    public void Of_half_a_character_is_replaced()
    {
        Assert.Equal("a\uFFFD", StoredText.Of("a" + '\ud800', 10));
        Assert.Equal("\uFFFDa", StoredText.Of('\udc00' + "a", 10));
    }

    [Theory]
    [InlineData("""{"a":"\ud83d\ude00\\ud800"}""", true)]
    [InlineData("""{"a":"\ud800"}""", false)]
    [InlineData("""{"a":"\ud800\n"}""", false)]
    [InlineData("""{"a":"\uD800\ud800"}""", false)]
    [InlineData("""{"\udc00":1}""", false)]
    [InlineData("""{"a":"\\\ud800"}""", false)]
    [InlineData("\"\\", true)]
    public void JsonUnicode_is_whole_when_every_text_is_one(string json, bool whole) => Assert.Equal(whole, JsonUnicode.IsWhole(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void JsonUnicode_is_not_whole_with_bytes_that_are_no_UTF8() => Assert.False(JsonUnicode.IsWhole([(byte)'"', 0xFF, (byte)'"']));
}
