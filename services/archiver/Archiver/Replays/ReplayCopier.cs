using Google.Protobuf;
using Millrace.Archiver.Objects;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Replays;

/// <summary>
/// Copies the archive into the tables aside, cut by cut as the manifests have them: each is written down before it is copied, so that one whose copying was
/// broken off is looked up and repaired like any other cut.
/// </summary>
internal sealed class ReplayCopier(ArchiveReader archive, ReplayWork work, TimeProvider time)
{
    /// <summary>Copies what is not copied yet and is in ClickHouse already.</summary>
    /// <param name="replay">The replay.</param>
    /// <param name="stage">The tables aside.</param>
    /// <param name="lanes">How far the sinks are.</param>
    /// <param name="last">Whether the sink waits: what of a cut is in ClickHouse then is told apart from what is not.</param>
    /// <param name="renew">Called between cuts.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task CopyAsync(
        ReplayRow replay, ReplayStage stage, IReadOnlyDictionary<int, ReplayLane> lanes, bool last, Func<Task> renew, CancellationToken cancellationToken)
    {
        var cuts = await work.CutsAsync(replay.Stage, cancellationToken);
        var next = cuts.Select(cut => cut.Cut).DefaultIfEmpty().Max() + 1;
        var found = await archive.ObjectsAsync(replay.Selection, null, cancellationToken).GroupBy(one => one.ManifestKey).ToListAsync(cancellationToken);
        var wanted = new List<(IGrouping<string, ArchivedObject> Objects, Place Place)>();
        foreach (var objects in found)
        {
            var place = PlaceOf(objects.First().Manifest, lanes);
            if (place == Place.Behind || (place == Place.Across && last)) wanted.Add((objects, place));
        }

        var done = cuts.Where(cut => cut.Done).Select(cut => cut.Manifest).ToHashSet(StringComparer.Ordinal);
        await ReportAsync(replay, wanted, done, 0, cancellationToken);
        // The one that was broken off first: its number is the highest yet, by which its rows are found.
        var begun = cuts.Where(cut => !cut.Done).ToDictionary(cut => cut.Manifest, cut => cut.Cut, StringComparer.Ordinal);
        foreach (var (objects, place) in wanted.OrderByDescending(entry => begun.ContainsKey(entry.Objects.Key)))
        {
            if (done.Contains(objects.Key)) continue;
            await renew();
            var redo = begun.TryGetValue(objects.Key, out var number);
            if (!redo) await work.BeginCutAsync(replay.Stage, objects.Key, number = next++, cancellationToken);
            var rows = await CopyAsync(replay, stage, [.. objects], place, number, redo, last, cancellationToken);
            await work.EndCutAsync(replay.Stage, objects.Key, cancellationToken);
            done.Add(objects.Key);
            await ReportAsync(replay, wanted, done, rows, cancellationToken);
        }
    }

    private static Place PlaceOf(Manifest manifest, IReadOnlyDictionary<int, ReplayLane> lanes)
    {
        // Of another life of the log all is in ClickHouse that ever will be.
        if (!lanes.TryGetValue(manifest.Partition, out var lane) || lane.Epoch != manifest.Epoch || manifest.Last < lane.Rows) return Place.Behind;
        return manifest.First >= lane.Rows ? Place.Ahead : Place.Across;
    }

    private async Task<long> CopyAsync(
        ReplayRow replay, ReplayStage stage, List<ArchivedObject> objects, Place place, ulong number, bool redo, bool last, CancellationToken cancellationToken)
    {
        var manifest = objects[0].Manifest;
        using var cut = stage.Sink.Open(manifest.Partition);
        foreach (var one in objects)
        {
            var events = await archive.EventsAsync(one, replay.Selection, cancellationToken).ToListAsync(cancellationToken);
            if (place == Place.Across && events.Count > 0)
            {
                var present = await stage.PresentAsync(replay.Selection, events.Min(found => found.Event.ReceivedAtMs), cancellationToken);
                events.RemoveAll(found => !present.Contains((found.Event.Stream, found.Event.Source, found.Event.Id, found.Event.ReceivedAtMs)));
            }

            foreach (var found in events) Add(cut, found);
        }

        if (cut.Rows == 0) return 0;
        var ownership = new Ownership(token => work.RenewAsync(replay, holds: last, token), $"replay {replay.Id}", time);
        await ownership.ConfirmAsync(cancellationToken);
        var lane = new LaneId("replay", $"replay-{replay.Stage}", manifest.Partition, manifest.Epoch);
        await stage.Sink.WriteAsync(lane, cut, new PendingCut(number, manifest.First, manifest.Last), redo, ownership, cancellationToken);
        return cut.Rows;
    }

    private static void Add(Cut cut, ArchivedEvent found)
    {
        var bytes = found.Event.ToByteArray();
        if (!EventView.TryParse(bytes, out var view)) throw new InvalidOperationException("An archived event can't be read back.");
        var entry = new LogEntry(cut.Last + 1, 0, default, bytes, null);
        cut.Cover(entry);
        cut.Add(view, entry, found.Late);
    }

    private Task ReportAsync(
        ReplayRow replay, List<(IGrouping<string, ArchivedObject> Objects, Place Place)> wanted, HashSet<string> done, long rows, CancellationToken cancellationToken) =>
        work.SetAsync(
            replay,
            "objects_total = @total, objects_done = @complete, rows_read = rows_read + @rows, error = NULL",
            new { total = wanted.Sum(entry => entry.Objects.Count()), complete = wanted.Where(entry => done.Contains(entry.Objects.Key)).Sum(entry => entry.Objects.Count()), rows },
            cancellationToken);

    /// <summary>Where a cut of the archive lies as seen from the sink into ClickHouse.</summary>
    private enum Place
    {
        /// <summary>Never returned.</summary>
        Unset = 0,

        /// <summary>All of it is in ClickHouse.</summary>
        Behind = 1,

        /// <summary>Some of it is.</summary>
        Across = 2,

        /// <summary>Nothing of it is; it will come by itself.</summary>
        Ahead = 3,
    }
}
