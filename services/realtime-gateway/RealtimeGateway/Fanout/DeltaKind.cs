namespace Millrace.RealtimeGateway.Fanout;

/// <summary>How a subscriber wants what is like the message before it.</summary>
internal enum DeltaKind
{
    /// <summary>Whole.</summary>
    None = 0,

    /// <summary>As a delta of Fossil's format between the data of two publications.</summary>
    Fossil = 1,

    /// <summary>As a JSON merge patch (RFC 7396) of the message before.</summary>
    MergePatch = 2,
}
