using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// Finds entries in a log's files without FasterLog's help, where its scan has met bytes that are none: the way past damage. An entry counts
/// when its length fits into its page and its checksum, version and partition are right; files that are missing or short read as zeros.
/// </summary>
internal sealed class EntryFinder(string directory, LogGeometry geometry, int partitions) : IDisposable
{
    private readonly byte[] _page = new byte[geometry.PageBytes];
    private long _pageStart = -1;
    private (int Segment, FileStream? File) _open = (-1, null);

    /// <summary>The first entry behind a place where something else stands, if any, that can begin a record.</summary>
    /// <param name="from">Where no entry can be read.</param>
    /// <param name="until">Where the log ends.</param>
    /// <param name="isPossible">Whether an entry can stand there by what came before.</param>
    public long? Next(long from, long until, Func<EntryHeader, bool> isPossible)
    {
        // If only its content is damaged the next entry follows where it should. Looked at first, since a record may hold bytes that look like an entry.
        if (LengthAt(from, until) is { } length && Follower(from, length) is var next && Begins(next, until, isPossible)) return next;
        for (var at = from + EntryLayout.Alignment; at < until; at += EntryLayout.Alignment)
        {
            if (geometry.OffsetInPage(at) > geometry.PageBytes - EntryLayout.TotalOf(EntryHeader.Size))
                at = geometry.NextPage(at);
            if (at < until && FileOf(geometry.SegmentOf(at)) is null)
            {
                // The first entry of the next file stands right at its beginning.
                at = geometry.StartOf(geometry.SegmentOf(at) + 1) - EntryLayout.Alignment;
                continue;
            }

            if (at < until && Begins(at, until, isPossible)) return at;
        }

        return null;
    }

    /// <summary>By partition, the offset of the first record at or behind an entry; <see langword="null"/> where none was met within the given bytes.</summary>
    public long?[] FirstOffsets(long from, long until, long within)
    {
        var first = new long?[partitions];
        for (var at = from; at < until && at - from < within;)
        {
            if (HeaderAt(at, until) is not { } header)
            {
                // The rest of a page stays empty where the next entry did not fit.
                if (geometry.OffsetInPage(at) == 0) break;
                at = geometry.NextPage(at);
                continue;
            }

            first[header.Partition] ??= header.BaseOffset;
            at = Follower(at, LengthAt(at, until)!.Value);
        }

        return first;
    }

    /// <inheritdoc/>
    public void Dispose() => _open.File?.Dispose();

    private bool Begins(long at, long until, Func<EntryHeader, bool> isPossible) =>
        HeaderAt(at, until) is { } header && (!header.IsFragment || StartOfFragment(at) == 0) && isPossible(header);

    private int StartOfFragment(long at) => EntryHeader.ReadFragment(PageOf(at)[(geometry.OffsetInPage(at) + EntryLayout.HeaderBytes)..]).Start;

    private EntryHeader? HeaderAt(long at, long until)
    {
        if (LengthAt(at, until) is not { } length) return null;
        var entry = PageOf(at).Slice(geometry.OffsetInPage(at) + EntryLayout.HeaderBytes, length);
        return EntryHeader.TryRead(entry, out var header) && header.Partition < partitions ? header : null;
    }

    private int? LengthAt(long at, long until)
    {
        var offset = geometry.OffsetInPage(at);
        if (offset + EntryLayout.TotalOf(EntryHeader.Size) > geometry.PageBytes || at + EntryLayout.TotalOf(EntryHeader.Size) > until) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(PageOf(at)[(offset + EntryLayout.LengthOffset)..]);
        return length >= EntryHeader.Size && length <= geometry.MaxEntryBytes && offset + EntryLayout.TotalOf(length) <= geometry.PageBytes ? length : null;
    }

    private static long Follower(long at, int length) => at + EntryLayout.TotalOf(length);

    private ReadOnlySpan<byte> PageOf(long address)
    {
        var start = address - geometry.OffsetInPage(address);
        if (start == _pageStart) return _page;
        _pageStart = -1;
        var done = 0;
        if (FileOf(geometry.SegmentOf(start)) is { } file)
        {
            file.Position = start - geometry.StartOf(geometry.SegmentOf(start));
            done = file.ReadAtLeast(_page, _page.Length, throwOnEndOfStream: false);
        }

        _page.AsSpan(done).Clear();
        _pageStart = start;
        return _page;
    }

    private FileStream? FileOf(int segment)
    {
        if (_open.Segment == segment) return _open.File;
        _open.File?.Dispose();
        var path = SegmentDevice.PathOf(directory, segment);
        _open = (segment, File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0) : null);
        return _open.File;
    }
}
