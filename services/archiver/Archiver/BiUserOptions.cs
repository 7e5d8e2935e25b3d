using System.ComponentModel.DataAnnotations;

namespace Millrace.Archiver;

/// <summary>
/// Users on a ClickHouse server, one or two a tenant: the API's own for queries on a tenant's behalf, and one for BI tools, which an admin of the tenant asks for.
/// The embedded ClickHouse needs none: there a tenant's name is the user and an API key the password.
/// </summary>
public sealed class BiUserOptions
{
    /// <summary>Whether the archiver makes users, roles and row policies. Default <see cref="BiUserMode.Auto"/>: on every server but an embedded one.</summary>
    [EnumDataType(typeof(BiUserMode))]
    public BiUserMode Mode { get; set; } = BiUserMode.Auto;

    /// <summary>What stands before a tenant's name in the name of its BI user. Default nothing.</summary>
    [RegularExpression("[A-Za-z0-9_-]{0,40}")]
    public string Prefix { get; set; } = "";

    /// <summary>
    /// Whether BI users may change settings within the limits below (<c>readonly = 2</c>), as Grafana's data source needs it. Default off
    /// (<c>readonly = 1</c>). They can write nothing either way.
    /// </summary>
    public bool MayChangeSettings { get; set; }

    /// <summary>Longest run of a BI user's query. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Rows of an answer. Default 10 million.</summary>
    [Range(1L, 1_000_000_000_000)]
    public long MaxRows { get; set; } = 10_000_000;

    /// <summary>Memory of a query. Default 1 GiB.</summary>
    [Range(16L << 20, 1L << 44)]
    public long MemoryBytes { get; set; } = 1L << 30;

    /// <summary>Queries of one tenant at a time. Default 8.</summary>
    [Range(1, 1000)]
    public int Concurrent { get; set; } = 8;
}

/// <summary>Whether users are made.</summary>
public enum BiUserMode
{
    /// <summary>On a server, yes; on an embedded ClickHouse, no.</summary>
    Auto = 0,

    /// <summary>Yes.</summary>
    On,

    /// <summary>No: whoever runs the server has made them, the API's own user of a tenant being its name with the derived password.</summary>
    Off,
}
