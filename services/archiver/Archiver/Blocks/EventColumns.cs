using System.Text;

namespace Millrace.Archiver.Blocks;

/// <summary>The columns of a block of events, in the order of the table <c>events</c>, then what only the archiver sees.</summary>
internal static class EventColumns
{
    public const string Tenant = "tenant";
    public const string Stream = "stream";
    public const string Type = "type";
    public const string Id = "id";
    public const string Source = "source";
    public const string Time = "time";
    public const string ReceivedAt = "received_at";
    public const string Dims = "dims";
    public const string Values = "values";
    public const string Lat = "lat";
    public const string Lon = "lon";
    public const string Data = "data";
    public const string Late = "late";
    public const string Cut = "cut";
    public const string Targets = "targets";

    /// <summary>All of them with their types.</summary>
    public static readonly IReadOnlyList<Column> All =
    [
        new(Tenant, "LowCardinality(String)"), new(Stream, "LowCardinality(String)"), new(Type, "LowCardinality(String)"),
        new(Id, "String"), new(Source, "String"), new(Time, "DateTime64(3, 'UTC')"), new(ReceivedAt, "DateTime64(3, 'UTC')"),
        new(Dims, "Map(LowCardinality(String), String)"), new(Values, "Map(LowCardinality(String), Float64)"),
        new(Lat, "Nullable(Float64)"), new(Lon, "Nullable(Float64)"), new(Data, "String"), new(Late, "Bool"),
        new(Cut, "UInt64"), new(Targets, "UInt8"),
    ];

    /// <summary>Names and types of the public ones of the first version, as its CREATE TABLE has them.</summary>
    public static string Declaration { get; } =
        string.Join(", ", All.Where(column => column.Name is not (Late or Cut or Targets)).Select(column => $"{column.Name} {column.Type}"));

    /// <summary>Names of the public ones.</summary>
    public static string Names { get; } = string.Join(", ", All.Where(column => column.Name is not (Cut or Targets)).Select(column => column.Name));

    /// <summary>A column.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Type">Its type as ClickHouse writes it.</param>
    internal sealed record Column(string Name, string Type)
    {
        /// <summary>The name's bytes.</summary>
        public byte[] NameUtf8 { get; } = Encoding.UTF8.GetBytes(Name);

        /// <summary>The type's bytes.</summary>
        public byte[] TypeUtf8 { get; } = Encoding.UTF8.GetBytes(Type);
    }
}
