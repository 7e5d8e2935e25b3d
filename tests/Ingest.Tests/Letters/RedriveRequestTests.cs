using System.Text;
using Millrace.Ingest.Letters.Redrives;
using Xunit;

namespace Millrace.Ingest.Tests.Letters;

/// <summary>Bodies that the fuzzer found.</summary>
public sealed class RedriveRequestTests
{
    [Theory]
    [InlineData("""{"ids":["\ud800"]}""")]
    [InlineData("""{"filter":{"code":"\udc00"}}""")]
    [InlineData("""{"all":true,"\ud800":1}""")]
    [InlineData("""{"id":"a","event":{},"content_type":"\ud800"}""")]
    [InlineData("""{"ids":["a\u0000b"]}""")]
    [InlineData("""{"filter":{"code":"a\u0000b"}}""")]
    public void Half_a_character_and_NUL_are_refused(string body)
    {
        Assert.Null(RedriveRequest.Parse(Encoding.UTF8.GetBytes(body), out var fault));
        Assert.InRange(fault.Length, 1, 1000);
    }

    [Fact]
    public void Message_does_not_repeat_what_was_sent_at_any_length()
    {
        var name = new string('x', 100_000);
        foreach (var body in new[] { $"{{\"all\":true,\"{name}\":1}}", $"{{\"all\":t{name}}}", $"{{\"filter\":{{\"{name}\":1}}}}" })
        {
            Assert.Null(RedriveRequest.Parse(Encoding.UTF8.GetBytes(body), out var fault));
            Assert.InRange(fault.Length, 1, 1000);
        }
    }
}
