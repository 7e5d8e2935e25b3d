using Millrace.Aggregator.Engine;
using Millrace.Contracts.Protos;
using Millrace.Contracts.Sketches;
using Xunit;

namespace Millrace.Aggregator.Tests.Engine;

public sealed class ContentTests
{
    private static EngineSettings With(StreamSettings stream) => new() { Streams = new Dictionary<string, StreamSettings> { ["shop"] = stream } };

    [Fact]
    public void Values_are_counted_summed_and_bounded_by_name()
    {
        var harness = new EngineHarness();
        harness.Send(0, Event("a", 10, ("amount", 3), ("tax", 1)));
        harness.Send(1, Event("b", 20, ("tax", 2), ("amount", -5)));
        harness.Send(2, Event("c", 30, ("amount", 7)));
        harness.Send(3, Event("d", 40));
        var window = Assert.Single(harness.AdvanceTo(10_000).Finals);
        Assert.Equal((4ul, 9), (window.Count, window.Revision));
        var amount = window.Values.Single(v => v.Name == "amount");
        Assert.Equal((3ul, 5.0, -5.0, 7.0, 7.0), (amount.Count, amount.Sum, amount.Min, amount.Max, amount.Last));
        Assert.Equal((3.0, 3.0), (amount.P50, amount.P95));
        var tax = window.Values.Single(v => v.Name == "tax");
        Assert.Equal((2ul, 3.0, 2.0), (tax.Count, tax.Sum, tax.Last));
        Assert.True(DDSketch.TryRead(amount.Sketch.Span, out var sketch));
        Assert.Equal(7, sketch.Quantile(1));
    }

    [Fact]
    public void Last_is_by_event_time_and_then_by_offset()
    {
        var harness = new EngineHarness().Send(0, 500, amount: 1).Send(1, 400, amount: 2).Send(2, 500, amount: 3).Send(3, 499, amount: 4);
        Assert.Equal(3, Assert.Single(harness.AdvanceTo(10_000).Finals).Values[0].Last);
    }

    [Fact]
    public void Quantiles_of_many_values_are_within_one_percent()
    {
        var harness = new EngineHarness();
        for (var i = 1; i <= 1_000; i++) harness.Send(0, 0, amount: i);
        var value = Assert.Single(harness.AdvanceTo(10_000).Finals).Values[0];
        Assert.InRange(value.P50, 495, 505);
        Assert.InRange(value.P95, 940, 960);
        Assert.InRange(value.P99, 980, 1_000);
    }

    [Fact]
    public void Distinct_sources_are_estimated_and_events_without_one_add_none()
    {
        var harness = new EngineHarness();
        for (var i = 0; i < 500; i++) harness.Send(0, 0, source: $"device-{i % 100}");
        harness.Send(0, 0);
        var window = Assert.Single(harness.AdvanceTo(10_000).Finals);
        Assert.InRange(window.DistinctSources, 97ul, 103ul);
        Assert.True(HyperLogLog.TryRead(window.SourcesSketch.Span, out var sketch));
        Assert.Equal((long)window.DistinctSources, sketch.Estimate());
    }

    [Fact]
    public void Geo_cells_count_events_by_geohash()
    {
        var harness = new EngineHarness().Send(0, 0, geo: (57.64911, 10.40744)).Send(0, 0, geo: (57.64, 10.40)).Send(0, 0, geo: (-33.86, 151.21)).Send(0, 0);
        var cells = Assert.Single(harness.AdvanceTo(10_000).Finals).GeoCells.ToDictionary(c => c.Geohash, c => c.Count);
        Assert.Equal(new Dictionary<string, ulong> { ["u4pr"] = 2, ["r3gx"] = 1 }, cells);
    }

    [Theory]
    [InlineData(57.64911, 10.40744, 11, "u4pruydqqvj")]
    [InlineData(42.605, -5.603, 5, "ezs42")]
    [InlineData(90, 180, 6, "zzzzzz")]
    [InlineData(-90, -180, 3, "000")]
    [InlineData(0, 0, 1, "s")]
    [InlineData(37.8324, 112.5584, 9, "ww8p1r4t8")]
    public void Geohash_of_known_places_is_the_published_one(double lat, double lon, int precision, string expected)
    {
        var text = new byte[precision];
        Geohash.Format(Geohash.Encode(lat, lon, precision), text);
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(text));
    }

    [Fact]
    public void Geohash_of_any_place_is_that_of_repeated_halving()
    {
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var (lat, lon, precision) = ((random.NextDouble() * 180) - 90, (random.NextDouble() * 360) - 180, random.Next(1, 13));
            var (cell, south, north, west, east) = (0UL, -90.0, 90.0, -180.0, 180.0);
            for (var bit = 0; bit < precision * 5; bit++)
            {
                ref var low = ref bit % 2 == 0 ? ref west : ref south;
                ref var high = ref bit % 2 == 0 ? ref east : ref north;
                var middle = (low + high) / 2;
                var upper = (bit % 2 == 0 ? lon : lat) >= middle;
                if (upper) low = middle;
                else high = middle;
                cell = (cell << 1) | (upper ? 1UL : 0);
            }

            Assert.Equal(cell, Geohash.Encode(lat, lon, precision));
        }
    }

    [Fact]
    public void Geo_cells_beyond_the_limit_count_together()
    {
        var harness = new EngineHarness(new EngineSettings { GeoCellLimit = 20 });
        for (var i = 0; i < 60; i++) harness.Send(0, 0, geo: (0, -170 + (5 * (i % 30))));
        var cells = Assert.Single(harness.AdvanceTo(10_000).Finals).GeoCells;
        Assert.Equal(21, cells.Count);
        Assert.Equal(20ul, cells.Single(c => c.Geohash == "__other__").Count);
        Assert.Equal(60, cells.Sum(c => (long)c.Count));
    }

    [Fact]
    public void Group_by_splits_series_by_type_and_declared_dimensions_in_declared_order()
    {
        var harness = new EngineHarness(With(new StreamSettings { GroupBy = ["country"u8.ToArray(), "device"u8.ToArray()] }));
        harness.Send(0, 0, dims: [("device", "mobile"), ("ignored", "x"), ("country", "DE")]);
        harness.Send(0, 0, dims: [("country", "DE"), ("device", "mobile")]);
        harness.Send(0, 0, dims: [("country", "DE")]);
        harness.Send(0, 0, type: "view", dims: [("country", "DE"), ("device", "mobile")]);
        var finals = harness.AdvanceTo(10_000).Finals.ToDictionary(w => $"{w.Type}:{w.Key}", w => w.Count);
        Assert.Equal(new Dictionary<string, ulong> { ["sale:country=DE,device=mobile"] = 2, ["sale:country=DE,device="] = 1, ["view:country=DE,device=mobile"] = 1 }, finals);
        var dims = harness.Finals.First().Dims;
        Assert.Equal([("country", "DE"), ("device", "mobile")], dims.Select(d => (d.Name, d.Value)));
    }

    [Fact]
    public void Different_series_never_have_the_same_key()
    {
        var harness = new EngineHarness(With(new StreamSettings { GroupBy = ["a"u8.ToArray(), "b"u8.ToArray()] }));
        harness.Send(0, 0, dims: [("a", "x,b=y"), ("b", "")]).Send(0, 0, dims: [("a", "x"), ("b", "y,b=")]).Send(0, 0, dims: [("a", "x\\"), ("b", "y")]);
        Assert.Equal(["a=x\\,b\\=y,b=", "a=x,b=y\\,b\\=", "a=x\\\\,b=y"], harness.AdvanceTo(10_000).Finals.Select(w => w.Key));
    }

    [Fact]
    public void Series_beyond_the_limit_fold_into_other_by_type()
    {
        var harness = new EngineHarness(With(new StreamSettings { GroupBy = ["user"u8.ToArray()], SeriesLimit = 3 }));
        for (var i = 0; i < 10; i++) harness.Send(0, 0, dims: [("user", $"u{i % 5}")], amount: 1).Send(0, 0, type: "view", dims: [("user", "u0")]);
        var view = harness.AdvanceTo(10_000).Finals.ToDictionary(w => $"{w.Type}:{w.Key}", w => (long)w.Count);
        Assert.Equal(20, view.Values.Sum());
        Assert.Equal(6, view["sale:__other__"]);
        Assert.Equal(10, view["view:user=u0"]);
        Assert.Equal(4, view.Count);
        Assert.Equal(6, harness.Counters.FoldedToOther);
        // The next window starts anew.
        harness.Send(20_000, 20_000, dims: [("user", "u9")]).AdvanceTo(40_000);
        Assert.Equal("user=u9", harness.Finals.Last().Key);
    }

    [Fact]
    public void Types_beyond_the_limit_fold_into_one()
    {
        var harness = new EngineHarness(With(new StreamSettings { SeriesLimit = 2 }));
        for (var i = 0; i < 300; i++) harness.Send(0, 0, type: $"t{i}");
        var finals = harness.AdvanceTo(10_000).Finals.ToList();
        Assert.Equal(2 + 100 + 1, finals.Count);
        Assert.Equal(198ul, finals.Single(w => w.Type == "__other__").Count);
        Assert.Equal(300, finals.Sum(w => (long)w.Count));
    }

    [Fact]
    public void Values_beyond_the_limit_of_names_are_left_out_and_counted()
    {
        var harness = new EngineHarness(new EngineSettings { ValueLimit = 2 });
        harness.Send(0, Event("a", 0, ("x", 1), ("y", 1), ("z", 1))).Send(0, Event("b", 0, ("z", 1), ("x", 1)));
        Assert.Equal(["x", "y"], Assert.Single(harness.AdvanceTo(10_000).Finals).Values.Select(v => v.Name));
        Assert.Equal(2, harness.Counters.ValuesLeftOut);
    }

    [Fact]
    public void Sum_beyond_the_range_of_numbers_stays_finite()
    {
        var harness = new EngineHarness().Send(0, 0, amount: double.MaxValue).Send(0, 0, amount: double.MaxValue);
        Assert.Equal(double.MaxValue, Assert.Single(harness.AdvanceTo(10_000).Finals).Values[0].Sum);
    }

    private static Event Event(string id, long time, params (string Name, double Value)[] values)
    {
        var e = new Event { Id = id, Tenant = "acme", Stream = "shop", Type = "sale", TimeMs = EngineHarness.Epoch + time };
        foreach (var (name, value) in values) e.Values.Add(name, value);
        return e;
    }
}
