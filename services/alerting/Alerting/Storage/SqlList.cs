using Dapper;

namespace Millrace.Alerting.Storage;

/// <summary>Lists for <c>IN</c>, a parameter each. Dapper's own lists are written out for SQLite but become one array for PostgreSQL, whose <c>IN</c> takes none.</summary>
internal static class SqlList
{
    /// <summary><c>@p0, @p1, …</c></summary>
    public static string Names(IReadOnlyCollection<string> values) => string.Join(", ", Enumerable.Range(0, values.Count).Select(i => $"@p{i}"));

    /// <summary>The parameters to it, with others beside them.</summary>
    public static DynamicParameters Parameters(IReadOnlyCollection<string> values, object others)
    {
        var parameters = new DynamicParameters(others);
        foreach (var (i, value) in values.Index()) parameters.Add($"p{i}", value);
        return parameters;
    }
}
