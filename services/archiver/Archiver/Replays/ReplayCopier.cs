using Google.Protobuf;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Objects;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Archiver.Replays;

/// <summary>
/// Copies the archive into the tables aside. The archive's cuts are small where little comes in, and an insert costs much the same whatever it holds, so many of them
/// make one cut here. Which ones is written down before it is inserted, so that a cut whose copying was broken off is made of the same again, looked up and
/// repaired like any other.
/// </summary>
internal sealed class ReplayCopier(ArchiveReader archive, ReplayWork work, IOptions<ArchiverOptions> options, TimeProvider time)
{
    private const int MostManifests = 1_000;
    private static readonly TimeSpan _renewal = TimeSpan.FromSeconds(1);

    /// <summary>Copies what is not copied yet and is in ClickHouse already.</summary>
    /// <param name="replay">The replay.</param>
    /// <param name="stage">The tables aside.</param>
    /// <param name="lanes">How far the sinks are.</param>
    /// <param name="last">Whether the sink waits: what of a cut is in ClickHouse then is told apart from what is not.</param>
    /// <param name="passed">Manifests without any event that is wanted; those that are found are added.</param>
    /// <param name="renew">Called now and then.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task CopyAsync(
        ReplayRow replay, ReplayStage stage, IReadOnlyDictionary<int, ReplayLane> lanes, bool last, HashSet<string> passed, Func<Task> renew, CancellationToken cancellationToken)
    {
        var cuts = await work.CutsAsync(replay.Stage, cancellationToken);
        var done = cuts.Where(cut => cut.Done).Select(cut => cut.Manifest).ToHashSet(StringComparer.Ordinal);
        var wanted = new Dictionary<string, Wanted>(StringComparer.Ordinal);
        var pulse = new Pulse(renew, time);
        await foreach (var found in archive.CutsAsync(replay.Selection, key => done.Contains(key) || passed.Contains(key), cancellationToken))
        {
            await pulse.BeatAsync();
            if (found.Objects.Count == 0) passed.Add(found.Key);
            else if (PlaceOf(found.Manifest, lanes) is var place && (place == Place.Behind || (place == Place.Across && last))) wanted.Add(found.Key, new Wanted(found, place));
        }

        var left = wanted.Values.Sum(one => one.Cut.Objects.Count);
        await work.SetAsync(replay, "objects_total = objects_done + @left, error = NULL", new { left }, cancellationToken);
        // Those that were broken off first: they must be made of what they were made of.
        foreach (var begun in cuts.Where(cut => !cut.Done).GroupBy(cut => cut.Cut).OrderBy(cut => cut.Key))
        {
            Wanted[] same = [.. begun.Select(one => wanted.Remove(one.Manifest, out var found)
                ? found : throw new InvalidOperationException($"{one.Manifest} is no longer in the archive."))];
            left -= await CopyAsync(replay, stage, new Queue<Wanted>(same.OrderBy(one => one.Cut.Key, StringComparer.Ordinal)), begun.Key, true, left, pulse, last, cancellationToken);
        }

        var rest = new Queue<Wanted>(wanted.Values.OrderBy(one => one.Cut.Key, StringComparer.Ordinal));
        for (var next = cuts.Select(cut => cut.Cut).DefaultIfEmpty().Max() + 1; rest.Count > 0; next++)
            left -= await CopyAsync(replay, stage, rest, next, false, left, pulse, last, cancellationToken);
    }

    private static Place PlaceOf(Manifest manifest, IReadOnlyDictionary<int, ReplayLane> lanes)
    {
        // Of another life of the log all is in ClickHouse that ever will be.
        if (!lanes.TryGetValue(manifest.Partition, out var lane) || lane.Epoch != manifest.Epoch || manifest.Last < lane.Rows) return Place.Behind;
        return manifest.First >= lane.Rows ? Place.Ahead : Place.Across;
    }

    // Takes as many from the queue as fit into a cut, or all for a cut that was begun before; answers with the number of their objects.
    private async Task<int> CopyAsync(
        ReplayRow replay, ReplayStage stage, Queue<Wanted> queue, ulong number, bool redo, int left, Pulse pulse, bool last, CancellationToken cancellationToken)
    {
        using var cut = stage.Sink.Open(0);
        var limits = options.Value.ClickHouse;
        var (manifests, objects) = (new List<string>(), 0);
        while (queue.Count > 0 && (redo || (cut.Rows < limits.MaxRows && cut.Bytes < limits.MaxBytes && manifests.Count < MostManifests)))
        {
            var (archived, place) = queue.Dequeue();
            foreach (var one in archived.Objects)
            {
                await pulse.BeatAsync();
                await AddAsync(cut, replay, stage, one, place, cancellationToken);
            }

            manifests.Add(archived.Key);
            objects += archived.Objects.Count;
        }

        if (!redo) await work.BeginCutAsync(replay.Stage, manifests, number, cancellationToken);
        if (cut.Rows > 0)
        {
            var ownership = new Ownership(token => work.RenewAsync(replay, holds: last, token), $"replay {replay.Id}", time);
            await ownership.ConfirmAsync(cancellationToken);
            var lane = new LaneId("replay", $"replay-{replay.Stage}", 0, "");
            await stage.Sink.WriteAsync(lane, cut, new PendingCut(number, (long)number, (long)number), redo, ownership, cancellationToken);
        }

        await work.EndCutAsync(replay, number, objects, cut.Rows, left - objects, cancellationToken);
        return objects;
    }

    private async Task AddAsync(Cut cut, ReplayRow replay, ReplayStage stage, ManifestObject one, Place place, CancellationToken cancellationToken)
    {
        var events = await archive.EventsAsync(one, replay.Selection, cancellationToken).ToListAsync(cancellationToken);
        if (place == Place.Across && events.Count > 0)
        {
            var present = await stage.PresentAsync(replay.Selection, events.Min(found => found.Event.ReceivedAtMs), cancellationToken);
            events.RemoveAll(found => !present.Contains((found.Event.Stream, found.Event.Source, found.Event.Id, found.Event.ReceivedAtMs)));
        }

        foreach (var (found, late) in events)
        {
            var bytes = found.ToByteArray();
            if (!EventView.TryParse(bytes, out var view)) throw new InvalidOperationException("An archived event can't be read back.");
            var entry = new LogEntry(cut.Last + 1, 0, default, bytes, null);
            cut.Cover(entry);
            cut.Add(view, entry, late);
        }
    }

    private sealed record Wanted(ArchivedCut Cut, Place Place);

    /// <summary>Says at most once a second that the replay goes on.</summary>
    private sealed class Pulse(Func<Task> renew, TimeProvider time)
    {
        private long? _beat;

        public async Task BeatAsync()
        {
            if (_beat is { } beat && time.GetElapsedTime(beat) < _renewal) return;
            await renew();
            _beat = time.GetTimestamp();
        }
    }

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
