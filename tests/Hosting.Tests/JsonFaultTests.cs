using System.Text.Json;
using Millrace.Hosting.Http;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class JsonFaultTests
{
    [Fact]
    public void Message_repeats_no_more_than_a_little_of_what_was_sent()
    {
        var error = Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse("{\"a\":\n t" + new string('x', 10_000) + "}"));

        var message = JsonFault.Of(error);

        Assert.InRange(message.Length, 1, 260);
        Assert.Contains("line 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Short_message_stays_as_it_is()
    {
        var error = Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse("{"));

        Assert.Equal(error.Message, JsonFault.Of(error));
    }

    [Fact]
    public void Cut_leaves_no_half_of_a_character()
    {
        var cut = JsonFault.Cut(new string('a', 199) + "😀😀");

        Assert.Equal(new string('a', 199) + "…", cut);
    }
}
