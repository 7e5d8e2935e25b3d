using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Millrace.Archiver.ClickHouse;
using Millrace.Contracts.Protos;
using Millrace.Ports.Objects;

namespace Millrace.Archiver.Objects;

/// <summary>
/// Reads what was archived, through the manifests: an object that no manifest names is of a cut that is not complete and is not read. Everything is checked
/// before it is given out: the manifest against its own checksum, an object's bytes against the hash in the manifest, its lines against their number.
/// </summary>
internal sealed class ArchiveReader(IObjectStore store, ILogger<ArchiveReader> logger)
{
    private const string Manifests = "manifests/";
    private const int LongestLine = 64 << 20;

    // A manifest is written after its events were received, and those are at most minutes older than their event time says. A day bears clocks that are off.
    private static readonly TimeSpan Slack = TimeSpan.FromDays(1);

    /// <summary>
    /// The cuts that may hold events of a selection, in the order of their manifests' keys, each with those of its objects that may; with none where the cut has no
    /// such object, so that the caller need not ask for it again.
    /// </summary>
    /// <param name="selection">Which events.</param>
    /// <param name="isKnown">Whether the manifest with this key is known already: it is neither read nor given out.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArchiveDamagedException">A manifest is not what was stored.</exception>
    public async IAsyncEnumerable<ArchivedCut> CutsAsync(
        ArchiveSelection selection, Predicate<string> isKnown, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var info in store.ListAsync(Manifests, cancellationToken))
        {
            if (isKnown(info.Key)) continue;
            if (selection.From > DateTimeOffset.MinValue + Slack && info.LastModified < selection.From - Slack) continue;
            var manifest = await ReadManifestAsync(info.Key, cancellationToken);
            yield return new ArchivedCut(info.Key, manifest, [.. manifest.Objects.Where(selection.Covers)]);
        }
    }

    /// <summary>The events of an object that belong to a selection, in the order of the log. None is given out before the whole object was checked.</summary>
    /// <exception cref="ArchiveDamagedException">The object is missing, or is not what the manifest says.</exception>
    public async IAsyncEnumerable<ArchivedEvent> EventsAsync(
        ManifestObject archived, ArchiveSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bytes = await VerifyAsync(archived, cancellationToken);
        using var gzip = new GZipStream(new MemoryStream(bytes, writable: false), CompressionMode.Decompress);
        using var lines = new LineReader(gzip, LongestLine);
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.IsEmpty) continue;
            var one = EventLineReader.Read(line);
            if (selection.Covers(one.Event)) yield return one;
        }
    }

    /// <summary>Checks an object against its manifest and answers with its bytes, as they are stored.</summary>
    /// <exception cref="ArchiveDamagedException">The object is missing, or is not what the manifest says.</exception>
    public async Task<byte[]> VerifyAsync(ManifestObject expected, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(expected.Key, cancellationToken) ?? throw Damaged(expected.Key, "it is missing");
        if (bytes.Length != expected.Size) throw Damaged(expected.Key, $"it has {bytes.Length} bytes in place of {expected.Size}");
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (sha256 != expected.Sha256) throw Damaged(expected.Key, $"its SHA-256 is {sha256} in place of {expected.Sha256}");
        var rows = await CountAsync(expected.Key, bytes, cancellationToken);
        return rows == expected.Rows ? bytes : throw Damaged(expected.Key, $"it has {rows} lines in place of {expected.Rows}");
    }

    /// <summary>Reads a manifest and checks it.</summary>
    /// <exception cref="ArchiveDamagedException">It is missing, or not what was stored.</exception>
    public async Task<Manifest> ReadManifestAsync(string key, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(key, cancellationToken) ?? throw Damaged(key, "it is missing");
        return ManifestJson.TryRead(bytes, out var problem) ?? throw Damaged(key, problem!);
    }

    // Lines that make sense under the right hash can only be those that were hashed, so this guards against mistakes of our own alone.
    private async Task<long> CountAsync(string key, byte[] bytes, CancellationToken cancellationToken)
    {
        var rows = 0L;
        try
        {
            await using var gzip = new GZipStream(new MemoryStream(bytes, writable: false), CompressionMode.Decompress);
            var buffer = new byte[64 * 1024];
            while (await gzip.ReadAsync(buffer, cancellationToken) is var read and > 0) rows += buffer.AsSpan(0, read).Count((byte)'\n');
        }
        catch (InvalidDataException e)
        {
            throw Damaged(key, e.Message);
        }

        return rows;
    }

    private async Task<byte[]?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, 0, cancellationToken);
        if (stream is null) return null;
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    private ArchiveDamagedException Damaged(string key, string problem)
    {
        ArchiverMetrics.Damaged();
        Log.ArchiveDamaged(logger, key, problem);
        return new ArchiveDamagedException(key, problem);
    }
}

/// <summary>Which archived events are wanted.</summary>
/// <param name="Tenant">Of this tenant.</param>
/// <param name="Stream">Of this stream; <see langword="null"/> for all.</param>
/// <param name="From">From this event time on.</param>
/// <param name="To">Before this event time.</param>
internal sealed record ArchiveSelection(string Tenant, string? Stream, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Whether an object may hold such events.</summary>
    public bool Covers(ManifestObject one) =>
        one.Tenant == Tenant && (Stream is null || one.Stream == Stream) && Rfc3339.Parse(one.MaxTime) >= From && Rfc3339.Parse(one.MinTime) < To;

    /// <summary>Whether an event of such an object is one of them.</summary>
    public bool Covers(Event one) => one.TimeMs >= From.ToUnixTimeMilliseconds() && one.TimeMs < To.ToUnixTimeMilliseconds();
}

/// <summary>A cut as its manifest describes it.</summary>
/// <param name="Key">Key of the manifest.</param>
/// <param name="Manifest">Topic, partition, epoch and range.</param>
/// <param name="Objects">Those of its objects that may hold what was asked for.</param>
internal sealed record ArchivedCut(string Key, Manifest Manifest, IReadOnlyList<ManifestObject> Objects);

/// <summary>An event as it was archived.</summary>
/// <param name="Event">The event.</param>
/// <param name="Late">Whether it came after the allowed lateness, so that no window has it.</param>
internal sealed record ArchivedEvent(Event Event, bool Late);

/// <summary>An object or a manifest is not what was stored.</summary>
/// <param name="key">Its key.</param>
/// <param name="problem">What is wrong with it.</param>
internal sealed class ArchiveDamagedException(string key, string problem) : Exception($"{key} is damaged: {problem}.")
{
    /// <summary>Key of the object.</summary>
    public string Key { get; } = key;
}
