namespace Millrace.Ports.ClickHouse;

/// <summary>What an insert wrote.</summary>
/// <param name="Rows">Rows, those that materialized views wrote included; a batch dropped by its token may be counted or not.</param>
/// <param name="Bytes">Bytes in memory, uncompressed.</param>
public readonly record struct ClickHouseWritten(long Rows, long Bytes);
