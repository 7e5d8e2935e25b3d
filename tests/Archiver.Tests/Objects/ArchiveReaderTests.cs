using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Objects;
using Millrace.Archiver.Progress;
using Millrace.Archiver.Tests.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Archiver.Tests.Objects;

/// <summary>What was archived is read back as it was, and what was changed since is named and not read.</summary>
public sealed class ArchiveReaderTests
{
    private static readonly LaneId Lane = new("objects", "millrace.events", 0, "e1");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_a_selection_gives_the_events_of_it_as_they_were()
    {
        await using var stores = await Stores.OpenAsync();
        var events = ArchivingTests.Events("acme", 300);
        events[0].Data = ByteString.CopyFromUtf8("""{"note":"ä \" \n","n":[1,2.50]}""");
        events[1].Geo = new GeoPoint { Lat = 52.5, Lon = 13.4 };
        events[2].Source = "till-3";
        await StoreAsync(stores, events[..200], 0);
        await StoreAsync(stores, [.. events[200..], TestEvents.Of("other", tenant: "b")], 200);
        var reader = Reader(stores);

        var all = Selection("acme", null, long.MinValue, long.MaxValue);
        Assert.Equal(events.OrderBy(e => e.Id), (await ReadAsync(reader, all)).OrderBy(e => e.Id));
        var some = Selection("acme", "stream-2", TestEvents.Noon + 1000, TestEvents.Noon + 6000);
        Assert.Equal(
            events.Where(e => e.Stream == "stream-2" && e.TimeMs >= TestEvents.Noon + 1000 && e.TimeMs < TestEvents.Noon + 6000), await ReadAsync(reader, some));
        var cuts = await reader.CutsAsync(all, _ => false, Cancelled).ToListAsync(Cancelled);
        Assert.Equal(2, cuts.Count);
        Assert.Equal([cuts[1].Key], await reader.CutsAsync(all, key => key == cuts[0].Key, Cancelled).Select(cut => cut.Key).ToListAsync(Cancelled));
        // A cut without anything that is wanted is told all the same, so that it need not be read again.
        Assert.Equal([0, 1], await reader.CutsAsync(Selection("b", null, long.MinValue, long.MaxValue), _ => false, Cancelled).Select(cut => cut.Objects.Count).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task Read_an_object_with_any_bit_flipped_names_it_and_gives_nothing()
    {
        await using var stores = await Stores.OpenAsync();
        await StoreAsync(stores, [TestEvents.Of("1"), TestEvents.Of("2")], 0);
        var path = Assert.Single(Directory.GetFiles(stores.ObjectsPath, "*.ndjson.gz", SearchOption.AllDirectories));
        var good = await File.ReadAllBytesAsync(path, Cancelled);

        // The header's flags and time, the data, and the checksum at the end, of which gzip itself would notice a part.
        foreach (var at in (int[])[0, 3, 5, 9, good.Length / 2, good.Length - 6, good.Length - 1])
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= 0x10;
            await File.WriteAllBytesAsync(path, bad, Cancelled);
            var damaged = await Assert.ThrowsAsync<ArchiveDamagedException>(() => ReadAsync(Reader(stores), Selection("acme", "shop", 0, long.MaxValue)));
            Assert.Contains("raw/tenant=acme/stream=shop/date=2026-07-01/hour=10/millrace.events-0-0-1.ndjson.gz is damaged: its SHA-256 is", damaged.Message, StringComparison.Ordinal);
        }

        await File.WriteAllBytesAsync(path, good[..^1], Cancelled);
        await Assert.ThrowsAsync<ArchiveDamagedException>(() => ReadAsync(Reader(stores), Selection("acme", "shop", 0, long.MaxValue)));
        File.Delete(path);
        var missing = await Assert.ThrowsAsync<ArchiveDamagedException>(() => ReadAsync(Reader(stores), Selection("acme", "shop", 0, long.MaxValue)));
        Assert.EndsWith("is damaged: it is missing.", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_a_manifest_with_a_bit_flipped_names_it_and_gives_nothing()
    {
        await using var stores = await Stores.OpenAsync();
        await StoreAsync(stores, [TestEvents.Of("1"), TestEvents.Of("2", stream: "web")], 0);
        var path = Assert.Single(Directory.GetFiles(stores.ObjectsPath, "*.json", SearchOption.AllDirectories));
        var good = await File.ReadAllBytesAsync(path, Cancelled);
        Assert.NotNull(ManifestJson.TryRead(good, out _));

        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = (byte[])good.Clone();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(ManifestJson.TryRead(bad, out var problem) is null && problem is not null, $"bit {bit} of {good.Length * 8}");
        }

        good[good.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, good, Cancelled);
        var damaged = await Assert.ThrowsAsync<ArchiveDamagedException>(() => ReadAsync(Reader(stores), Selection("acme", "shop", 0, long.MaxValue)));
        Assert.Equal("manifests/millrace.events-0/0-1.json", damaged.Key);
    }

    [Fact]
    public void Read_a_manifest_of_the_version_before_takes_it_without_a_checksum()
    {
        var old = """
            {"version":1,"topic":"millrace.events","partition":0,"epoch":"e1","first":0,"last":1,"rows":2,"objects":[{"key":"raw/x","tenant":"acme","stream":"shop","rows":2,"size":9,"sha256":"ab","min_time":"2026-07-01T10:00:00.000Z","max_time":"2026-07-01T10:00:00.000Z"}]}
            """u8.ToArray();

        Assert.Equal(2, ManifestJson.TryRead(old, out _)?.Rows);
        Assert.Null(ManifestJson.TryRead([.. old, (byte)' '], out var problem));
        Assert.Equal("its bytes are not those that were written", problem);
    }

    internal static ArchiveReader Reader(Stores stores) => new(stores.Objects, NullLogger<ArchiveReader>.Instance);

    private static ArchiveSelection Selection(string tenant, string? stream, long from, long to) => new(
        tenant, stream, from < 0 ? DateTimeOffset.MinValue : DateTimeOffset.FromUnixTimeMilliseconds(from),
        to > 1L << 60 ? DateTimeOffset.MaxValue : DateTimeOffset.FromUnixTimeMilliseconds(to));

    private static async Task<List<Event>> ReadAsync(ArchiveReader reader, ArchiveSelection selection)
    {
        var read = new List<Event>();
        await foreach (var cut in reader.CutsAsync(selection, _ => false, Cancelled))
        {
            foreach (var one in cut.Objects) read.AddRange(await reader.EventsAsync(one, selection, Cancelled).Select(found => found.Event).ToListAsync(Cancelled));
        }

        return read;
    }

    private static async Task StoreAsync(Stores stores, IReadOnlyList<Event> events, long from)
    {
        var sink = new ObjectSink(stores.Objects, Reader(stores), Options.Create(new ArchiverOptions()), NullLogger<ObjectSink>.Instance);
        using var cut = sink.Open(0);
        foreach (var (i, e) in events.Index())
        {
            var entry = TestEvents.Entry(e, from + i);
            Assert.True(EventView.TryParse(entry.Value.Span, out var view));
            cut.Cover(entry);
            cut.Add(view, entry, late: e.Id == "id-7");
        }

        var claim = new LaneClaim(Lane, 1, new LaneProgress(null, 0, null));
        var ownership = new Ownership(claim, stores.Progress, TimeProvider.System);
        await sink.WriteAsync(Lane, cut, new PendingCut(1, from, from + events.Count - 1), redo: false, ownership, Cancelled);
    }
}
