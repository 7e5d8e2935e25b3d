using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.Objects;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Archiver.Tests.Objects;

public sealed class EventLineTests
{
    [Fact]
    public void Write_full_event_gives_every_field()
    {
        var e = TestEvents.Of("a\"1");
        e.Source = "till-3";
        e.Dims.Add("country", "DE");
        e.Values.Add("amount", 12.5);
        e.Values.Add("huge", -1e308);
        e.Geo = new GeoPoint { Lat = -52.5, Lon = 13.25 };
        e.Data = ByteString.CopyFromUtf8("{\"note\":\"größe\"}");

        Assert.Equal(
            """
            {"id":"a\"1","stream":"shop","type":"purchase","time":"2026-07-01T10:00:00.000Z","source":"till-3","dims":{"country":"DE"},"values":{"amount":12.5,"huge":-1E+308},"geo":{"lat":-52.5,"lon":13.25},"data":{"note":"größe"},"tenant":"acme","received_at":"2026-07-01T10:00:00.007Z"}
            """ + "\n",
            Line(e));
    }

    [Fact]
    public void Write_bare_event_leaves_out_what_it_lacks() =>
        Assert.Equal(
            """{"id":"1","stream":"shop","type":"purchase","time":"2026-07-01T10:00:00.000Z","tenant":"acme","received_at":"2026-07-01T10:00:00.007Z"}""" + "\n",
            Line(TestEvents.Of("1")));

    [Fact]
    public void Write_data_with_line_ends_stays_one_line_and_the_same_json()
    {
        var e = TestEvents.Of("1");
        e.Data = ByteString.CopyFromUtf8("{\r\n  \"a\": [1,\n 2],\n \"b\": \"x\\ny\"\n}");

        var line = Line(e);

        Assert.Equal(1, line.Count(c => c == '\n'));
        using var json = JsonDocument.Parse(line);
        Assert.Equal("x\ny", json.RootElement.GetProperty("data").GetProperty("b").GetString());
    }

    [Fact]
    public void Pack_the_same_events_gives_the_same_bytes()
    {
        var records = Enumerable.Range(0, 2_000).Select(i => (Bytes: (ReadOnlyMemory<byte>)TestEvents.Of("id" + i, amount: i).ToByteArray(), Late: i % 3 == 0)).ToList();
        using var first = new ObjectPacker();
        using var second = new ObjectPacker();
        second.Pack(records.Take(10), System.IO.Compression.CompressionLevel.Fastest);

        var hash = first.Pack(records, System.IO.Compression.CompressionLevel.Fastest);

        Assert.Equal(hash, second.Pack(records, System.IO.Compression.CompressionLevel.Fastest));
        Assert.Equal(first.Packed.Span, second.Packed.Span);
        // RFC 1952: no flags (no name), no modification time.
        Assert.Equal([0x1f, 0x8b, 8, 0, 0, 0, 0, 0], first.Packed.Span[..8].ToArray());
    }

    private static string Line(Event e)
    {
        using var buffer = new PooledBuffer();
        using var line = new EventLine(buffer);
        Assert.True(EventView.TryParse(e.ToByteArray(), out var view));
        line.Write(view, late: false);
        return Encoding.UTF8.GetString(buffer.Span);
    }
}
