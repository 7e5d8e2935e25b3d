namespace Millrace.Ports.ClickHouse;

/// <summary>One SQL statement and how to run it.</summary>
/// <param name="Sql">One statement in ClickHouse's SQL, with <c>{name:Type}</c> where parameters go, without a FORMAT clause.</param>
public sealed record ClickHouseQuery(string Sql)
{
    /// <summary>The format of the rows, any of ClickHouse's. Default <c>JSONCompactEachRowWithNamesAndTypes</c>: names, types, then an array a line.</summary>
    public string Format { get; init; } = "JSONCompactEachRowWithNamesAndTypes";

    /// <summary>
    /// Values of the statement's parameters by name, each as plain text (not escaped, not quoted: the adapter escapes). Arrays, tuples and maps are written
    /// as ClickHouse literals. Default none.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>ClickHouse settings for this statement alone, over those of the adapter's options. Default none.</summary>
    public IReadOnlyDictionary<string, string>? Settings { get; init; }

    /// <summary>
    /// The tenant on whose behalf it runs: the server then shows only that tenant's rows, lets nothing be written and applies its limits.
    /// Default <see langword="null"/>: Millrace itself, with full rights.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>
    /// Name of the user that acts for <see cref="Tenant"/>, with the password that <see cref="ClickHouseServer.PasswordOf"/> gives. Default
    /// <see langword="null"/>: the tenant's name.
    /// </summary>
    public string? TenantUser { get; init; }

    /// <summary>The database in which names without one are looked up. Default <see langword="null"/>: the server's <c>default</c>, for a tenant Millrace's.</summary>
    public string? Database { get; init; }

    /// <summary>Name of the statement in the server's logs. Default <see langword="null"/>: the server picks a UUID.</summary>
    public string? QueryId { get; init; }
}
