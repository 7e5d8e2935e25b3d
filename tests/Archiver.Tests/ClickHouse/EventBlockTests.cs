using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Millrace.Archiver.Blocks;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.ClickHouse;
using Xunit;

namespace Millrace.Archiver.Tests.ClickHouse;

/// <summary>What is encoded by hand is what ClickHouse reads: every column, every edge.</summary>
public sealed class EventBlockTests(ClickHouseFixture fixture)
{
    private static readonly double[] Numbers =
        [0, -0.0, 1, -1.5, 0.1, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, Math.PI, 9007199254740993, 1e-310];

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_537)]
    public async Task Insert_distinct_names_of_any_number_reads_back_the_same(int distinct)
    {
        // The width of a dictionary's indexes changes at 256 and at 65,536 entries.
        var tenant = Tenant();
        await InsertAsync([.. Enumerable.Range(0, distinct).Select(i => TestEvents.Of("id" + i, type: "type-" + i, tenant: tenant)), TestEvents.Of("again", type: "type-0", tenant: tenant)]);

        Assert.Equal(
            $"{distinct + 1} {distinct} {distinct - 1}",
            Assert.Single(await fixture.RowsAsync(
                $"SELECT count(), uniqExact(type), countIf(type = concat('type-', substring(id, 3)) AND id != 'id0') FROM millrace.events WHERE tenant = '{tenant}'")));
    }

    [Fact]
    public async Task Insert_every_edge_reads_back_the_same()
    {
        var tenant = Tenant();
        var events = Edges(tenant).ToList();
        await InsertAsync(events);

        var rows = await ClickHouseRows.ReadAsync(
            fixture.ClickHouse,
            new ClickHouseQuery($"""
                SELECT id, stream, type, source, toUnixTimestamp64Milli(time), toUnixTimestamp64Milli(received_at), dims, mapKeys(values),
                    arrayMap(v -> reinterpretAsUInt64(v)::String, mapValues(values)), reinterpretAsUInt64(lat)::Nullable(String),
                    reinterpretAsUInt64(lon)::Nullable(String), data, toUInt8(late)
                FROM millrace.events WHERE tenant = '{tenant}'
                """),
            TestContext.Current.CancellationToken);

        Assert.Equal(events.Count, rows.Count);
        var byId = rows.ToDictionary(row => row[0].GetString()!, StringComparer.Ordinal);
        foreach (var e in events) AssertSame(e, byId[e.Id]);
        Assert.Equal(events.Where((_, i) => i % 2 == 1).Select(e => e.Id).Order(), rows.Where(row => row[12].GetInt32() == 1).Select(row => row[0].GetString()!).Order());
    }

    private static IEnumerable<Event> Edges(string tenant)
    {
        yield return TestEvents.Of("bare", tenant: tenant);
        foreach (var (i, number) in Numbers.Index()) yield return TestEvents.Of($"n{i}", tenant: tenant, amount: number);
        var many = TestEvents.Of("many", tenant: tenant);
        for (var i = 0; i < EventLimits.Values; i++) many.Values.Add("v" + i, i);
        for (var i = 0; i < EventLimits.Dims; i++) many.Dims.Add("d" + i, new string('x', i * 8));
        yield return many;
        var text = TestEvents.Of("sonne-☀-\u0001-'\"\\\t-𝄞", type: "тип", tenant: tenant);
        text.Source = "tab\there";
        text.Dims.Add("größe", "line\nend\0nul");
        text.Dims.Add("empty", "");
        text.Data = ByteString.CopyFromUtf8("[\"\\u0000\", 1]");
        yield return text;
        var big = TestEvents.Of("big", tenant: tenant);
        big.Data = ByteString.CopyFromUtf8('"' + new string('y', EventLimits.DataBytes - 2) + '"');
        yield return big;
        var place = TestEvents.Of("place", tenant: tenant);
        place.Geo = new GeoPoint { Lat = -90, Lon = 180 };
        yield return place;
        var origin = TestEvents.Of("origin", tenant: tenant);
        origin.Geo = new GeoPoint();
        yield return origin;
        yield return TestEvents.Of("early", timeMs: 1, tenant: tenant);
        yield return TestEvents.Of("late", timeMs: DateTimeOffset.Parse("2106-02-07T06:28:14.999Z", CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), tenant: tenant);
    }

    private static void AssertSame(Event e, JsonElement[] row)
    {
        Assert.Equal((e.Stream, e.Type, e.Source), (row[1].GetString(), row[2].GetString(), row[3].GetString()));
        Assert.Equal((e.TimeMs, e.ReceivedAtMs), (row[4].AsInt64(), row[5].AsInt64()));
        Assert.Equal(e.Dims.OrderBy(d => d.Key, StringComparer.Ordinal), row[6].EnumerateObject().Select(d => KeyValuePair.Create(d.Name, d.Value.GetString()!)).OrderBy(d => d.Key, StringComparer.Ordinal));
        var values = row[7].EnumerateArray().Zip(row[8].EnumerateArray())
            .ToDictionary(pair => pair.First.GetString()!, pair => ulong.Parse(pair.Second.GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(e.Values.ToDictionary(v => v.Key, v => BitConverter.DoubleToUInt64Bits(v.Value)), values);
        Assert.Equal(Bits(e.Geo?.Lat), row[9].GetString());
        Assert.Equal(Bits(e.Geo?.Lon), row[10].GetString());
        Assert.Equal(e.Data.ToStringUtf8(), row[11].GetString());

        static string? Bits(double? value) => value is { } number ? BitConverter.DoubleToUInt64Bits(number).ToString(CultureInfo.InvariantCulture) : null;
    }

    private static string Tenant() => "t" + Guid.NewGuid().ToString("N")[..12];

    private async Task InsertAsync(IReadOnlyList<Event> events)
    {
        var migrator = new SchemaMigrator(
            fixture.ClickHouse, new Tables(new SchemaOptions()), Microsoft.Extensions.Options.Options.Create(new ArchiverOptions { SyncParts = false }), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<SchemaMigrator>.Instance);
        await migrator.RunAsync(TestContext.Current.CancellationToken);
        using var block = new EventBlock(0);
        foreach (var (offset, e) in events.Index())
        {
            var entry = TestEvents.Entry(e, offset);
            Assert.True(EventView.TryParse(entry.Value.Span, out var view));
            block.Cover(entry);
            block.Add(view, entry, late: entry.Offset % 2 == 1);
        }

        await fixture.ClickHouse.InsertAsync(
            new ClickHouseInsert("millrace_archiver.events_in", "Native") { Columns = [.. EventColumns.All.Select(column => column.Name)] },
            (stream, cancel) => block.WriteToAsync(stream, 1, TargetPlan.Everything, cancel),
            TestContext.Current.CancellationToken);
    }
}
