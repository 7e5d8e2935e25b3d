namespace Millrace.Ingest.Events;

/// <summary>Tags (field number and wire type) of <see cref="Contracts.Protos.Event"/>; all are below 16 and so one byte.</summary>
internal static class EventTags
{
    public const byte Id = (1 << 3) | 2;
    public const byte Source = (2 << 3) | 2;
    public const byte Stream = (3 << 3) | 2;
    public const byte Type = (4 << 3) | 2;
    public const byte Time = 5 << 3;
    public const byte ReceivedAt = 6 << 3;
    public const byte Dims = (7 << 3) | 2;
    public const byte Values = (8 << 3) | 2;
    public const byte Geo = (9 << 3) | 2;
    public const byte Data = (10 << 3) | 2;
    public const byte Tenant = (11 << 3) | 2;
}

/// <summary>Which fields an event has named, to find those that stand twice, and which of them need no default.</summary>
[Flags]
internal enum EventFields
{
    None = 0,
    Id = 1,
    Source = 1 << 1,
    Stream = 1 << 2,
    Type = 1 << 3,
    Time = 1 << 4,
    Dims = 1 << 5,
    Values = 1 << 6,
    Geo = 1 << 7,
    Data = 1 << 8,
    SpecVersion = 1 << 9,
    Subject = 1 << 10,
    DataBase64 = 1 << 11,
    DataContentType = 1 << 12,
    DataSchema = 1 << 13,
    Extension = 1 << 14,
    HasId = 1 << 20,
    HasType = 1 << 21,
    HasTime = 1 << 22,
}
