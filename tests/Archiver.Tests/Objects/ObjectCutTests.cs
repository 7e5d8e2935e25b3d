using Google.Protobuf;
using Millrace.Archiver.Objects;
using Millrace.Archiver.Progress;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Archiver.Tests.Objects;

public sealed class ObjectCutTests
{
    private const long Hour = 3_600_000;

    [Fact]
    public void Add_mixed_events_groups_by_tenant_stream_and_hour_in_log_order()
    {
        using var cut = new ObjectCut(0);
        Add(cut,
            TestEvents.Of("1"), TestEvents.Of("2", tenant: "b"), TestEvents.Of("3", stream: "web"), TestEvents.Of("4", timeMs: TestEvents.Noon - 1),
            TestEvents.Of("5", timeMs: TestEvents.Noon + Hour - 1), TestEvents.Of("6", timeMs: TestEvents.Noon + Hour), TestEvents.Of("7"));

        var groups = cut.Groups.Select((group, i) => (group.Tenant, group.Stream, (group.HourMs - TestEvents.Noon) / Hour, Ids(cut, i))).ToList();

        Assert.Equal(
            [("acme", "shop", 0L, "1 5 7"), ("b", "shop", 0L, "2"), ("acme", "web", 0L, "3"), ("acme", "shop", -1L, "4"), ("acme", "shop", 1L, "6")],
            groups);
        Assert.Equal((7, 0L, 6L), (cut.Rows, cut.First, cut.Last));
        Assert.Equal([new("acme", 6), new("b", 1)], cut.RowsByTenant());
    }

    [Fact]
    public void Add_events_beyond_a_chunk_keeps_each_whole()
    {
        using var cut = new ObjectCut(0);
        var big = TestEvents.Of("big");
        big.Data = ByteString.CopyFrom(new byte[1_500_000]);
        Add(cut, [.. Enumerable.Range(0, 20_000).Select(i => TestEvents.Of("id" + i)), big, TestEvents.Of("last")]);

        var records = cut.RecordsOf(0).Select(record => Event.Parser.ParseFrom(record.Bytes.Span)).ToList();

        Assert.Equal(20_002, records.Count);
        Assert.Equal(1_500_000, records[^2].Data.Length);
        Assert.Equal("last", records[^1].Id);
    }

    [Fact]
    public void Raw_key_names_tenant_stream_hour_and_range()
    {
        using var cut = new ObjectCut(0);
        Add(cut, TestEvents.Of("1", timeMs: TestEvents.Noon - Hour), TestEvents.Of("2", tenant: "../x", stream: "a/b"));
        var lane = new LaneId("objects", "millrace.events", 3, "e1");
        var range = new PendingCut(9, 100, 250);

        Assert.Equal(
            "raw/tenant=acme/stream=shop/date=2026-07-01/hour=09/millrace.events-3-100-250.ndjson.gz", ObjectKeys.Raw(cut.Groups[0], lane, range, false));
        Assert.Equal(
            "raw/tenant=..%2Fx/stream=a%2Fb/date=2026-07-01/hour=10/millrace.events-3-100-250-e1.ndjson.gz", ObjectKeys.Raw(cut.Groups[1], lane, range, true));
        Assert.Equal("manifests/millrace.events-3/100-250.json", ObjectKeys.Manifest(lane, range, false));
    }

    private static void Add(ObjectCut cut, params Event[] events)
    {
        foreach (var (offset, e) in events.Index())
        {
            var entry = TestEvents.Entry(e, offset);
            Assert.True(EventView.TryParse(entry.Value.Span, out var view));
            cut.Cover(entry);
            cut.Add(view, entry, late: false);
        }
    }

    private static string Ids(ObjectCut cut, int group) =>
        string.Join(' ', cut.RecordsOf(group).Select(record => Event.Parser.ParseFrom(record.Bytes.Span).Id));
}
