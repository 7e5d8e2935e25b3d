using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Windows;

/// <summary>Type and group key of windows; one object for all windows of a series.</summary>
internal sealed class Series(string type, string key)
{
    public string Type => type;

    public string Key => key;

    /// <summary>Windows that refer to it.</summary>
    public int Windows { get; set; }
}

/// <summary>Which window.</summary>
internal readonly record struct WindowId(Series Series, long StartMs, int SizeMs);

/// <summary>A window as last seen.</summary>
internal sealed class WindowEntry : LatestEntry
{
    /// <summary>Memory beside its publication: this object and its places in dictionary, bucket and list.</summary>
    public const int Overhead = 180;

    public required WindowId Id { get; init; }

    public long Revision { get; set; }

    public bool Final { get; set; }

    /// <summary>Place in the bucket of its start.</summary>
    public int BucketIndex { get; set; }

    public int Size => Latest.Size + Overhead;
}

/// <summary>A window as it stands on the log, taken apart. A reader reuses one.</summary>
internal sealed class WindowRecord
{
    public string Type { get; set; } = "";

    public string Key { get; set; } = "";

    public long StartMs { get; set; }

    public long EndMs { get; set; }

    public long Revision { get; set; }

    public bool Final { get; set; }

    public long NewestEventAtMs { get; set; }

    /// <summary>Whether it comes from before the live position and is only kept, not published.</summary>
    public bool Old { get; set; }
}
