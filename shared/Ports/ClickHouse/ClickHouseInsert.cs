namespace Millrace.Ports.ClickHouse;

/// <summary>Where one batch goes and how it is written.</summary>
/// <param name="Table">Table name with its database, quoted by the caller where it needs quotes: <c>millrace.events</c>.</param>
/// <param name="Format">Input format of the body, any of ClickHouse's: <c>Native</c> costs the server least, then <c>RowBinary</c>, then <c>JSONEachRow</c>.</param>
public sealed record ClickHouseInsert(string Table, string Format)
{
    /// <summary>Columns in the order of the body. Default none: all of the table's, in its order.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// A batch with the token of an earlier one is acknowledged and not stored again, in the table and in its materialized views, as long as the earlier one is
    /// within the table's deduplication window (<c>non_replicated_deduplication_window</c>, which is 0, none, unless the table sets it).
    /// Default <see langword="null"/>: no token.
    /// </summary>
    public string? DeduplicationToken { get; init; }

    /// <summary>ClickHouse settings for this insert alone, over those of the adapter's options. Default none.</summary>
    public IReadOnlyDictionary<string, string>? Settings { get; init; }
}
