using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>A tenant's statement, taken apart but not yet judged.</summary>
/// <param name="Core">The statement without FORMAT and without SETTINGS at its end.</param>
/// <param name="Format">The format it names, or <see langword="null"/>.</param>
/// <param name="Settings">The settings at its end.</param>
/// <param name="IsMetadata">Whether <paramref name="Core"/> was written anew by <see cref="MetadataStatement"/> and needs no further judgement.</param>
internal sealed record TenantStatement(string Core, string? Format, IReadOnlyList<KeyValuePair<string, string>> Settings, bool IsMetadata)
{
    /// <summary>Longest statement in characters; ClickHouse's own limit is the same.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>Takes a text apart.</summary>
    /// <exception cref="ChdbException">It can't be a statement.</exception>
    public static TenantStatement Parse(string sql)
    {
        if (sql.Length > MaxLength) throw ChdbException.Of(ServerError.SyntaxError, $"Syntax error: the statement is longer than {MaxLength} characters.");
        if (sql.Contains('\0')) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error: the statement holds a NUL character.");
        var split = SplitStatement.Of(sql);
        if (split.Core.Length == 0) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error: Empty query");
        var (core, settings) = SettingsClause.TakeOff(split.Core);
        if (split.TrailingSettings.Length > 0)
        {
            var (rest, trailing) = SettingsClause.TakeOff(split.TrailingSettings);
            if (rest.Length > 0) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error: in the SETTINGS clause, only name = literal is allowed.");
            settings.AddRange(trailing);
        }
        // The tree shows such a clause too; ClickHouse itself does not hold those of subqueries against readonly, so two look out for it.
        if (SettingsClause.IsIn(core)) throw GateRefusal.Of("A SETTINGS clause is allowed at the end of the statement only, and only with name = literal.");
        return MetadataStatement.Rewrite(MetadataNames.Rewrite(core)) is { } metadata
            ? new TenantStatement(metadata, split.Format, settings, IsMetadata: true)
            : new TenantStatement(MetadataNames.Rewrite(core), split.Format, settings, IsMetadata: false);
    }
}
