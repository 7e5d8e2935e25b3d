using Millrace.Adapters.FasterLog.Format;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>Checks that the pieces of a large record follow each other without anything between them.</summary>
internal struct FragmentChain
{
    private EntryHeader _header;
    private int _total;
    private int _expected;

    /// <summary>Whether more pieces must follow.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Partition of the record.</summary>
    public readonly int Partition => _header.Partition;

    /// <summary>Length of the whole record, from its first piece on.</summary>
    public readonly int Total => _total;

    /// <summary>Takes the next entry.</summary>
    /// <returns><see langword="false"/> when it can't stand here.</returns>
    public bool Accept(in EntryHeader header, ReadOnlySpan<byte> entry)
    {
        if (!header.IsFragment) return !IsOpen;
        var (total, start) = EntryHeader.ReadFragment(entry);
        if (IsOpen ? start != _expected || header != _header || total != _total : start != 0) return false;
        _header = header;
        _total = total;
        _expected = start + entry.Length - EntryHeader.Size - EntryHeader.FragmentSize;
        IsOpen = _expected < total;
        return _expected <= total;
    }
}
