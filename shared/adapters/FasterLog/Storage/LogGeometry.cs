using FASTER.core;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>Sizes of a log, all powers of two. Fixed when a topic is created, since addresses depend on the first two.</summary>
internal readonly record struct LogGeometry(int PageBytes, long SegmentBytes, int MemoryPages)
{
    /// <summary>Address of the first entry of an empty log; FasterLog keeps what is below for itself.</summary>
    public const long FirstAddress = 64;

    // Readers need none of its memory: what is full is written at once.
    private const int WrittenPages = 4;

    /// <summary>Longest entry: pages are wasted at most by this much at their end.</summary>
    public int MaxEntryBytes => PageBytes / 8;

    /// <summary>Segment of an address.</summary>
    public int SegmentOf(long address) => (int)(address / SegmentBytes);

    /// <summary>First address of a segment.</summary>
    public long StartOf(int segment) => segment * SegmentBytes;

    /// <summary>First address of a segment where an entry can begin.</summary>
    public long FirstEntryOf(int segment) => segment == 0 ? FirstAddress : StartOf(segment);

    /// <summary>Where in its page an address lies.</summary>
    public int OffsetInPage(long address) => (int)(address & (PageBytes - 1));

    /// <summary>Start of the page after an address's.</summary>
    public long NextPage(long address) => address - OffsetInPage(address) + PageBytes;

    /// <summary>FasterLog's settings for a log between two addresses.</summary>
    public FasterLogSettings Settings(IDevice device, long begin, long until, bool readOnly) => new()
    {
        LogDevice = device,
        LogCommitManager = new FixedCommit(begin, until),
        LogChecksum = LogChecksumType.PerEntry,
        PageSize = PageBytes,
        SegmentSize = SegmentBytes,
        MemorySize = (long)PageBytes * WrittenPages,
        ReadOnlyMode = readOnly,
        // The constructor would swallow a failed recovery and start with an empty log.
        TryRecoverLatest = false,
    };
}
