using Millrace.Adapters.FasterLog.Storage;
using Xunit;

namespace Millrace.FasterLog.Tests;

/// <summary>The newest bytes of a log in memory.</summary>
public sealed class LogTailTests
{
    private const int PageBytes = 1 << 16;
    private static readonly LogGeometry _geometry = new(PageBytes, 1 << 18, 2);

    [Fact]
    public void Entry_reads_as_it_stands_in_the_file()
    {
        var tail = new LogTail(LogGeometry.FirstAddress, _geometry);
        tail.Add(LogGeometry.FirstAddress, [7, 8, 9]);
        var read = new byte[EntryLayout.HeaderBytes + 3];
        Assert.True(tail.TryRead(LogGeometry.FirstAddress, read));
        Assert.Equal(3, BitConverter.ToInt32(read, EntryLayout.LengthOffset));
        Assert.Equal([7, 8, 9], read[EntryLayout.HeaderBytes..]);
    }

    [Fact]
    public void What_stood_there_before_it_began_is_for_the_file()
    {
        var tail = new LogTail(1000, _geometry);
        tail.Add(1000, [1]);
        Assert.False(tail.TryRead(996, new byte[4]));
        Assert.True(tail.TryRead(1000, new byte[4]));
    }

    [Fact]
    public void What_is_not_written_yet_is_not_there()
    {
        var tail = new LogTail(0, _geometry);
        Assert.False(tail.TryRead(0, new byte[4]));
        tail.Add(0, [1]);
        Assert.False(tail.TryRead(0, new byte[EntryLayout.TotalOf(1) + 1]));
        Assert.True(tail.TryRead(0, new byte[EntryLayout.TotalOf(1)]));
    }

    [Fact]
    public void Overwritten_bytes_are_for_the_file()
    {
        var tail = new LogTail(0, _geometry);
        var entry = new byte[(PageBytes / 8) - EntryLayout.HeaderBytes];
        for (var at = 0; at < 2 * PageBytes; at += PageBytes / 8) tail.Add(at, entry);
        Assert.True(tail.TryRead(0, new byte[4]));
        tail.Add(2 * PageBytes, [1]);
        Assert.False(tail.TryRead(0, new byte[4]));
        Assert.True(tail.TryRead(PageBytes / 8, new byte[4]));
    }

    [Fact]
    public void Rest_of_a_page_that_an_entry_did_not_fit_into_is_empty()
    {
        var tail = new LogTail(0, _geometry);
        var rest = PageBytes - 64;
        // One round with bytes everywhere, so that emptiness is not what memory happened to hold.
        for (var page = 0; page < 2 * PageBytes; page += PageBytes)
            tail.Add(page, [.. Enumerable.Repeat((byte)255, PageBytes - EntryLayout.HeaderBytes)]);
        var second = 2 * PageBytes;
        tail.Add(second, new byte[rest - EntryLayout.HeaderBytes]);
        tail.Add(second + PageBytes, new byte[100]);
        var header = new byte[EntryLayout.HeaderBytes];
        Assert.True(tail.TryRead(second + rest, header));
        Assert.All(header, value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task Reader_that_is_overtaken_learns_of_it()
    {
        var tail = new LogTail(0, _geometry);
        var done = false;
        var written = 0L;
        const int Size = 1000;
        var writing = Task.Run(() =>
        {
            // Each entry is full of its own number.
            for (var (at, n) = (0L, 0); n < 200_000; n++)
            {
                if (_geometry.OffsetInPage(at) + EntryLayout.TotalOf(Size) > PageBytes) at = _geometry.NextPage(at);
                var entry = new byte[Size];
                Array.Fill(entry, (byte)n);
                tail.Add(at, entry);
                Volatile.Write(ref written, at);
                at += EntryLayout.TotalOf(Size);
            }

            Volatile.Write(ref done, true);
        }, TestContext.Current.CancellationToken);
        var read = new byte[Size];
        var good = 0;
        while (!Volatile.Read(ref done) || good == 0)
        {
            if (!tail.TryRead(Volatile.Read(ref written) + EntryLayout.HeaderBytes, read)) continue;
            good++;
            Assert.All(read, value => Assert.Equal(read[0], value));
        }

        await writing;
    }
}
