namespace Millrace.Verify.Check;

/// <summary>Something that is not as it must be.</summary>
/// <param name="Place">Where: clickhouse, objects, rollup_1m, windows, a socket, ledger.</param>
/// <param name="Kind">lost, doubled, altered, invented, miscounted, disordered.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Stream">In which stream; empty where it is about all.</param>
/// <param name="Ids">Ids of the events that it is about, as far as they can be told.</param>
/// <param name="Detail">What was expected and what was found.</param>
internal sealed record Difference(string Place, string Kind, string Tenant, string Stream, IReadOnlyList<string> Ids, string Detail);
