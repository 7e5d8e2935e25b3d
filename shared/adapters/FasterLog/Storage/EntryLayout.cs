namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>How FasterLog lays entries out in a page: a checksum of 8 bytes, the length of 4, the bytes, up to the next multiple of 4.</summary>
internal static class EntryLayout
{
    /// <summary>What entries begin at a multiple of.</summary>
    public const int Alignment = 4;

    /// <summary>Bytes before an entry's own.</summary>
    public const int HeaderBytes = 12;

    /// <summary>Where in it the length stands.</summary>
    public const int LengthOffset = 8;

    /// <summary>What an entry of a length takes in a page.</summary>
    public static int TotalOf(int length) => HeaderBytes + ((length + Alignment - 1) & -Alignment);

    /// <summary>
    /// Whether the log may go on at <paramref name="at"/> after <paramref name="end"/>: there, or at the next page when the entry did not fit into
    /// the rest of this one. Anything else was passed over because zeros stand where entries stood.
    /// </summary>
    /// <param name="geometry">Sizes of the log.</param>
    /// <param name="end">Where the entry before ended.</param>
    /// <param name="at">Where an entry was found.</param>
    /// <param name="length">Its length.</param>
    public static bool Follows(in LogGeometry geometry, long end, long at, int length) =>
        at == end || (at == geometry.NextPage(end) && geometry.OffsetInPage(end) + TotalOf(length) > geometry.PageBytes);
}
