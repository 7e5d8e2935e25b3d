using System.Text;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// Puts the harmless views in the place of <c>system.tables</c> and its like, so that BI tools find what they ask for. A convenience, no barrier: what it does not
/// find stays as it is, and the gate refuses it.
/// </summary>
internal static class MetadataNames
{
    /// <summary>The statement with the views' names.</summary>
    public static string Rewrite(string sql)
    {
        if (!sql.Contains("system", StringComparison.OrdinalIgnoreCase) && !sql.Contains("information_schema", StringComparison.OrdinalIgnoreCase)) return sql;
        if (Lexer.ReadAll(sql) is not { } tokens) return sql;
        var rewritten = new StringBuilder(sql.Length);
        var copied = 0;
        for (var i = 0; i + 2 < tokens.Count; i++)
        {
            if (!tokens[i].IsName() || !tokens[i + 1].Is(sql, '.') || !tokens[i + 2].IsName()) continue;
            var name = $"{tokens[i].Unquoted(sql)}.{tokens[i + 2].Unquoted(sql)}";
            if (!MetadataViews.ByTable.TryGetValue(name, out var view) || (i > 0 && tokens[i - 1].Is(sql, '.'))) continue;
            rewritten.Append(sql, copied, tokens[i].Start - copied).Append(TenantTables.MetadataDatabase).Append('.').Append(view);
            copied = tokens[i + 2].End;
        }
        return rewritten.Append(sql, copied, sql.Length - copied).ToString();
    }
}
