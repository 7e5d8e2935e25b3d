using System.Text;
using Millrace.Hosting.Http;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class JsonNulTests
{
    [Theory]
    [InlineData("""{"name":"a\u0000b"}""", true)]
    [InlineData("""{"a\u0000":1}""", true)]
    [InlineData("""{"name":"\\\u0000"}""", true)]
    [InlineData("""{"name":"\\u0000"}""", false)]
    [InlineData("""{"name":"\\\\u0000"}""", false)]
    [InlineData("""{"name":"\u0001 \" \\ é u0000"}""", false)]
    [InlineData("{}", false)]
    [InlineData("\\", false)]
    [InlineData("", false)]
    public void Escape_of_nul_is_found_and_nothing_else(string json, bool found) => Assert.Equal(found, JsonNul.IsIn(Encoding.UTF8.GetBytes(json)));
}
