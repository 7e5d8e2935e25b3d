using System.Text;
using Millrace.Archiver.ClickHouse;
using Xunit;

namespace Millrace.Archiver.Tests.ClickHouse;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a\nbc\n", "a|bc|")]
    [InlineData("a\n\nbc", "a||bc|")]
    public async Task ReadAsync_any_ending_gives_each_line_and_then_the_end(string text, string expected)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        using var lines = new LineReader(stream, 100);
        var read = new StringBuilder();

        while (await lines.ReadAsync(TestContext.Current.CancellationToken) is { } line) read.Append(Encoding.UTF8.GetString(line.Span)).Append('|');

        Assert.Equal(expected, read.ToString());
    }

    [Fact]
    public async Task ReadAsync_line_longer_than_allowed_fails()
    {
        using var stream = new MemoryStream(new byte[200_000]);
        using var lines = new LineReader(stream, 1_000);

        await Assert.ThrowsAsync<InvalidDataException>(async () => await lines.ReadAsync(TestContext.Current.CancellationToken));
    }
}
