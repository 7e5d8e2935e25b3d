using Dapper;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Ingest.Letters;

/// <summary>The metadata database with the tables of dead letters, made at the first use.</summary>
internal sealed class LetterDatabase(IMetadataDatabase database, TimeProvider time) : MigratedDatabase(database, LetterSchema.EnsureAsync, time);

/// <summary>Lists for <c>IN</c>, a parameter each, since PostgreSQL's <c>IN</c> takes no array.</summary>
internal static class InList
{
    /// <summary><c>@p0, @p1, …</c></summary>
    public static string Names(IReadOnlyCollection<string> values) => string.Join(", ", Enumerable.Range(0, values.Count).Select(i => $"@p{i}"));

    /// <summary>The parameters to it, with others beside them.</summary>
    public static DynamicParameters Parameters(IReadOnlyCollection<string> values, object? others = null)
    {
        var parameters = new DynamicParameters(others);
        foreach (var (i, value) in values.Index()) parameters.Add($"p{i}", value);
        return parameters;
    }
}
