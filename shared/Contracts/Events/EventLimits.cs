namespace Millrace.Contracts.Events;

/// <summary>The limits of an event. They are part of the contract, not options.</summary>
public static class EventLimits
{
    /// <summary>Characters of <c>id</c>, <c>source</c> and <c>type</c>.</summary>
    public const int NameLength = 128;

    /// <summary>Characters of a stream name: <c>[a-z0-9][a-z0-9._-]{0,63}</c>.</summary>
    public const int StreamLength = 64;

    /// <summary>Entries of <c>dims</c>.</summary>
    public const int Dims = 32;

    /// <summary>Characters of a dimension's or a value's name.</summary>
    public const int FieldNameLength = 64;

    /// <summary>Characters of a dimension's value.</summary>
    public const int DimValueLength = 256;

    /// <summary>Entries of <c>values</c>.</summary>
    public const int Values = 64;

    /// <summary>Bytes of <c>data</c>: 256 KiB.</summary>
    public const int DataBytes = 256 * 1024;

    /// <summary>Bytes of one event as sent: 1 MiB.</summary>
    public const int EventBytes = 1024 * 1024;

    /// <summary>Bytes of a request after decompression: 16 MiB.</summary>
    public const int RequestBytes = 16 * 1024 * 1024;

    /// <summary>Events of a request.</summary>
    public const int RequestEvents = 10_000;

    /// <summary>Nesting of JSON.</summary>
    public const int JsonDepth = 64;

    /// <summary>Characters of a tenant: <c>[a-z0-9][a-z0-9_-]{0,62}</c>.</summary>
    public const int TenantLength = 63;
}
