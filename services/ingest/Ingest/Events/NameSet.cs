namespace Millrace.Ingest.Events;

/// <summary>
/// Finds names that stand twice in one event. The names stay where they are, in the event's bytes; a linear search beats a hash table at the
/// handful of names that events have, and stays cheap at the 96 that they may have.
/// </summary>
internal sealed class NameSet(int capacity)
{
    private readonly (int Start, int Length)[] _names = new (int, int)[capacity];

    /// <summary>Names noted.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is no room for another.</summary>
    public bool IsFull => Count == _names.Length;

    /// <summary>Forgets all names.</summary>
    public void Clear() => Count = 0;

    /// <summary>Notes a name; <see langword="false"/> when it was there.</summary>
    /// <param name="bytes">What all names of this event stand in.</param>
    /// <param name="start">Where the name begins.</param>
    /// <param name="length">Its bytes.</param>
    public bool Add(ReadOnlySpan<byte> bytes, int start, int length)
    {
        var name = bytes.Slice(start, length);
        foreach (var (otherStart, otherLength) in _names.AsSpan(0, Count))
        {
            if (otherLength == length && bytes.Slice(otherStart, length).SequenceEqual(name)) return false;
        }

        _names[Count++] = (start, length);
        return true;
    }
}
