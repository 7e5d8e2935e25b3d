using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

public sealed class ProtobufTests
{
    [Fact]
    public void Read_every_field_stands_on_the_log()
    {
        var sent = new Event
        {
            Id = "e1",
            Source = "s1",
            Stream = "orders",
            Type = "purchase",
            TimeMs = Parsed.Now - 1,
            Dims = { ["a"] = "x", ["b"] = "" },
            Values = { ["v"] = 1.5, ["zero"] = 0 },
            Geo = new GeoPoint { Lat = 0, Lon = 13 },
            Data = ByteString.CopyFromUtf8("{ \"n\": [1] }"),
        };
        var e = Read(sent).Single;
        Assert.Equal(("acme/orders", "e1", "s1", "orders", "purchase", Parsed.Now - 1, Parsed.Now), (e.Key, e.Id, e.Source, e.Stream, e.Type, e.TimeMs, e.ReceivedAtMs));
        Assert.Equal([("a", "x"), ("b", "")], e.Dims);
        Assert.Equal([("v", 1.5), ("zero", 0)], e.Values);
        Assert.Equal((0, 13), e.Geo);
        Assert.Equal("{ \"n\": [1] }", e.Data);
    }

    [Fact]
    public void Read_empty_fields_get_the_defaults()
    {
        // Bytes as no library writes them: every text present and empty.
        byte[] text = [0x0A, 0, 0x12, 0, 0x1A, 0, 0x22, 0, 0x28, 0, 0x52, 0];
        var e = Parsed.Of(BodyFormat.Protobuf, [0x0A, (byte)text.Length, .. text]).Single;
        Assert.Equal(("shop", "event", "", Parsed.Now), (e.Stream, e.Type, e.Source, e.TimeMs));
        Assert.Equal(7, Guid.Parse(e.Id).Version);
        Assert.Null(e.Data);
    }

    [Fact]
    public void Read_what_only_we_may_set_is_left_out()
    {
        var e = Read(new Event { Id = "e1", Tenant = "other", ReceivedAtMs = 5, Data = ByteString.CopyFromUtf8("1") }).Single;
        Assert.Equal(("acme", Parsed.Now, "e1", "1"), (e.Tenant, e.ReceivedAtMs, e.Id, e.Data));
    }

    [Fact]
    public void Read_events_are_judged_for_themselves()
    {
        var parsed = Read(
            new Event { Id = "a" },
            new Event { Id = "b", Values = { ["v"] = double.NaN } },
            new Event { Id = "c", Stream = "NO" },
            new Event { Id = "d", Data = ByteString.CopyFromUtf8("{") },
            new Event { Id = "e", TimeMs = 1 },
            new Event { Id = "f", Data = ByteString.CopyFromUtf8(new string('[', 64) + new string(']', 64)) },
            new Event { Id = "g", Dims = { [""] = "x" } },
            new Event { Id = "h", Geo = new GeoPoint { Lat = double.NaN } },
            new Event { Id = new string('i', 129) },
            new Event { Id = "j", Source = "\u0001" },
            new Event { Id = "k", Data = ByteString.CopyFrom(0xFF) },
            new Event { Id = "z" });
        Assert.Equal(["a", "z"], parsed.Events.Select(e => e.Id));
        Assert.Equal(
            [
                (1, "value_not_finite", "values.v"), (2, "invalid_name", "stream"), (3, "invalid_json", "data"), (4, "time_too_old", "time"), (5, "too_deep", ""),
                (6, "invalid_name", "dims"), (7, "invalid_geo", "geo"), (8, "too_long", "id"), (9, "invalid_name", "source"), (10, "invalid_utf8", "data"),
            ],
            parsed.Rejections.Select(r => (r.Index, r.Fault.Code.Code, r.Fault.Field)));
        Assert.Equal("b", parsed.Rejections[0].Id);
    }

    [Theory]
    [InlineData(new byte[] { 0x08, 1 }, "invalid_protobuf", "id")]
    [InlineData(new byte[] { 0x2A, 1, 65 }, "invalid_protobuf", "time_ms")]
    [InlineData(new byte[] { 0x0A, 1, 0xFF }, "invalid_utf8", "id")]
    [InlineData(new byte[] { 0x0A, 1, 65, 0x0A, 1, 66 }, "duplicate_field", "id")]
    [InlineData(new byte[] { 0x7A, 1, 65 }, "unknown_field", "#15")]
    [InlineData(new byte[] { 0x0A, 5, 65 }, "invalid_protobuf", "")]
    [InlineData(new byte[] { 0x0B }, "invalid_protobuf", "")]
    [InlineData(new byte[] { 0x3A, 3, 0x0A, 1, 65, 0x3A, 3, 0x0A, 1, 65 }, "duplicate_field", "dims.A")]
    [InlineData(new byte[] { 0x3A, 2, 0x18, 1 }, "invalid_protobuf", "dims")]
    [InlineData(new byte[] { 0x42, 2, 0x0A, 7 }, "invalid_protobuf", "values")]
    [InlineData(new byte[] { 0x42, 2, 0x10, 7 }, "invalid_protobuf", "values")]
    [InlineData(new byte[] { 0x4A, 2, 0x08, 7 }, "invalid_protobuf", "geo")]
    public void Read_broken_event_is_named(byte[] bytes, string code, string field)
    {
        var refused = Parsed.Of(BodyFormat.Protobuf, [0x0A, (byte)bytes.Length, .. bytes]).Refused;
        Assert.Equal((code, field), (refused.Fault.Code.Code, refused.Fault.Field));
    }

    [Fact]
    public void Read_what_follows_broken_bytes_is_one_rejection()
    {
        byte[] good = new EventBatch { Events = { new Event { Id = "a" } } }.ToByteArray();
        var parsed = Parsed.Of(BodyFormat.Protobuf, [.. good, 0x0A, 0x7F, 1, 2, 3]);
        Assert.Equal("a", parsed.Single.Id);
        Assert.Equal((1, "invalid_protobuf", good.Length, 5), (parsed.Refused.Index, parsed.Refused.Fault.Code.Code, parsed.Refused.Start, parsed.Refused.Length));
    }

    [Fact]
    public void Read_event_beyond_1_MiB_is_refused_alone()
    {
        var parsed = Read(new Event { Id = "a" }, new Event { Data = ByteString.CopyFrom(new byte[EventLimits.EventBytes]) }, new Event { Id = "b" });
        Assert.Equal(2, parsed.Events.Count);
        Assert.Equal("too_large", parsed.Refused.Fault.Code.Code);
    }

    private static Parsed Read(params Event[] events) => Parsed.Of(BodyFormat.Protobuf, new EventBatch { Events = { events } }.ToByteArray());
}
