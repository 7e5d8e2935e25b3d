using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Contracts.Tests;

public sealed class EventViewTests
{
    [Fact]
    public void TryParse_full_event_shows_every_field()
    {
        var message = new Event
        {
            Id = "id-1",
            Source = "sensor",
            Stream = "shop",
            Type = "purchase",
            TimeMs = 1_700_000_000_123,
            ReceivedAtMs = 1_700_000_000_456,
            Tenant = "acme",
            Data = ByteString.CopyFromUtf8("{\"a\":1}"),
            Geo = new GeoPoint { Lat = -52.5, Lon = 13.25 },
            Dims = { ["country"] = "DE", ["leer"] = "" },
            Values = { ["amount"] = -19.9, ["zero"] = 0 },
        };
        Assert.True(EventView.TryParse(message.ToByteArray(), out var view));
        Assert.Equal("id-1", Text(view.Id));
        Assert.Equal("sensor", Text(view.Source));
        Assert.Equal("shop", Text(view.Stream));
        Assert.Equal("purchase", Text(view.Type));
        Assert.Equal("acme", Text(view.Tenant));
        Assert.Equal("{\"a\":1}", Text(view.Data));
        Assert.Equal(1_700_000_000_123, view.TimeMs);
        Assert.Equal(1_700_000_000_456, view.ReceivedAtMs);
        Assert.True(view.HasGeo);
        Assert.Equal((-52.5, 13.25), (view.Lat, view.Lon));
        var dims = new Dictionary<string, string>();
        foreach (var dim in view.Dims) dims.Add(Text(dim.Name), Text(dim.Value));
        Assert.Equal(message.Dims.ToDictionary(), dims);
        var values = new Dictionary<string, double>();
        foreach (var value in view.Values) values.Add(Text(value.Name), value.Value);
        Assert.Equal(message.Values.ToDictionary(), values);
    }

    [Fact]
    public void TryParse_event_at_the_equator_has_a_place()
    {
        Assert.True(EventView.TryParse(new Event { Geo = new GeoPoint() }.ToByteArray(), out var view));
        Assert.True(view.HasGeo);
        Assert.True(EventView.TryParse(new Event().ToByteArray(), out view));
        Assert.False(view.HasGeo);
    }

    [Fact]
    public void TryParse_mutated_bytes_agree_with_the_official_parser_on_well_formed_ones_and_never_throw()
    {
        var random = new Random(11);
        var seed = new Event { Id = "abc", Stream = "s", Type = "t", TimeMs = 5, Dims = { ["k"] = "v" }, Values = { ["x"] = 1.5 }, Geo = new GeoPoint { Lat = 1 } }.ToByteArray();
        var accepted = 0;
        for (var round = 0; round < 200_000; round++)
        {
            var bytes = (byte[])seed.Clone();
            for (var change = random.Next(4); change >= 0; change--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = bytes[..random.Next(bytes.Length + 1)];
            if (!EventView.TryParse(bytes, out var view)) continue;
            foreach (var dim in view.Dims) Assert.True(dim.Name.Length <= bytes.Length);
            foreach (var value in view.Values) Assert.True(value.Name.Length <= bytes.Length);
            try
            {
                var official = Event.Parser.ParseFrom(bytes);
                accepted++;
                if (official.TimeMs != view.TimeMs) Assert.Fail($"{Convert.ToHexString(bytes)}: {official.TimeMs} and {view.TimeMs}");
            }
            catch (InvalidProtocolBufferException)
            {
                // The official parser also checks UTF-8 and nested messages; ours reads what the ingest service wrote and leaves that to it.
            }
        }

        Assert.True(accepted > 1_000);
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
