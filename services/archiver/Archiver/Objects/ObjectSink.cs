using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Archiver.Pipeline;
using Millrace.Archiver.Progress;
using Millrace.Hosting.Faults;
using Millrace.Hosting.Workers;
using Millrace.Ports.Objects;

namespace Millrace.Archiver.Objects;

/// <summary>
/// Archives into the object store: one object for each tenant, stream and hour of a cut, then the cut's manifest. Puts are conditional and keys
/// name the range, so a cut that is redone finds its objects and changes nothing. Copy, verify, and only then the position moves.
/// </summary>
internal sealed class ObjectSink(
    IObjectStore store, ArchiveReader reader, IOptions<ArchiverOptions> options, ILogger<ObjectSink> logger, IArchiverProbe? probe = null) : ISink
{
    private const int ParallelPuts = 4;
    private const int CheapObjects = 100;
    private const int LongestFactor = 6;

    /// <inheritdoc/>
    public string Name => "objects";

    public string StoredPoint => FaultPointNames.ArchiverObjectsPut;

    /// <inheritdoc/>
    public SinkOptions Options => options.Value.Objects;

    /// <inheritdoc/>
    public Cut Open(int partition) => new ObjectCut(partition);

    /// <summary>Thousands of streams would make thousands of tiny objects every few seconds: the more there are, the longer a cut may gather.</summary>
    public TimeSpan AgeOf(Cut cut) => Options.MaxAge * Math.Clamp(((ObjectCut)cut).Groups.Count / CheapObjects, 1, LongestFactor);

    /// <inheritdoc/>
    public async Task WriteAsync(LaneId lane, Cut cut, PendingCut range, bool redo, Ownership ownership, CancellationToken cancellationToken)
    {
        var events = (ObjectCut)cut;
        var stored = new ManifestObject[events.Groups.Count];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(ParallelPuts, stored.Length)).Select(_ => BulkWork.RunAsync(PutSomeAsync, cancellationToken)));
        if (probe is not null) await probe.ReachedAsync(ArchiverStep.ObjectsStored, Name, lane.Partition);
        await PutManifestAsync(
            lane, range, new Manifest(Manifest.Newest, lane.Topic, lane.Partition, lane.Epoch, range.First, range.Last, events.Rows, stored), cancellationToken);

        async Task PutSomeAsync()
        {
            using var packer = new ObjectPacker();
            for (var i = Interlocked.Increment(ref next); i < stored.Length; i = Interlocked.Increment(ref next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var sha256 = packer.Pack(events.RecordsOf(i), options.Value.Compression);
                stored[i] = await PutAsync(lane, range, events.Groups[i], packer, sha256, cancellationToken);
                if (probe is not null) await probe.ReachedAsync(ArchiverStep.ObjectStored, Name, lane.Partition);
            }
        }
    }

    private async Task<ManifestObject> PutAsync(
        LaneId lane, PendingCut range, ObjectCut.Group group, ObjectPacker packer, string sha256, CancellationToken cancellationToken)
    {
        var rows = group.Rows.ToString(CultureInfo.InvariantCulture);
        var put = new ObjectPutOptions("application/x-ndjson+gzip", new Dictionary<string, string>
        {
            ["sha256"] = sha256,
            ["rows"] = rows,
            ["epoch"] = lane.Epoch,
        });
        for (var beside = false; ; beside = true)
        {
            var key = ObjectKeys.Raw(group, lane, range, beside);
            await using (var content = packer.Packed.OpenRead()) await store.PutAsync(key, content, put, cancellationToken);
            var found = await store.HeadAsync(key, cancellationToken)
                ?? throw new ObjectStoreException($"{key} was stored but is not there.", retryable: true);
            if (!beside && Value(found, "epoch") != lane.Epoch)
            {
                Log.ObjectBeside(logger, key, ObjectKeys.Raw(group, lane, range, beside: true));
                continue;
            }

            if (Value(found, "rows") != rows || (Value(found, "sha256") == sha256 && found.Size != packer.Packed.Length))
                throw new ObjectStoreException($"{key} does not hold what was stored: {found.Size} bytes, {Value(found, "rows")} rows.", retryable: false);
            if (Value(found, "sha256") != sha256) Log.ObjectDiffers(logger, key);
            return new ManifestObject(
                key, group.Tenant, group.Stream, group.Rows, found.Size, Value(found, "sha256") ?? sha256,
                Rfc3339.Format(group.Earliest), Rfc3339.Format(group.Latest));
        }
    }

    private async Task PutManifestAsync(LaneId lane, PendingCut range, Manifest manifest, CancellationToken cancellationToken)
    {
        var bytes = ManifestJson.Write(manifest);
        for (var beside = false; ; beside = true)
        {
            var key = ObjectKeys.Manifest(lane, range, beside);
            using var content = new MemoryStream(bytes, writable: false);
            var outcome = await store.PutAsync(key, content, new ObjectPutOptions("application/json"), cancellationToken);
            var found = await reader.ReadManifestAsync(key, cancellationToken);
            if (!beside && outcome == PutOutcome.AlreadyExists && found.Epoch != lane.Epoch)
            {
                Log.ObjectBeside(logger, key, ObjectKeys.Manifest(lane, range, beside: true));
                continue;
            }

            if (found.Rows != manifest.Rows || !found.Objects.SequenceEqual(manifest.Objects))
                throw new ObjectStoreException($"{key} does not list what was stored.", retryable: false);
            return;
        }
    }

    private static string? Value(ObjectInfo info, string name) => info.Metadata?.GetValueOrDefault(name);
}
