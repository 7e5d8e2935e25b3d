using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// The statements besides SELECT that a tenant may send. The tree says too little of them (SHOW SETTINGS and SHOW TABLES are the same node), so each is
/// recognised word by word and written anew; what is not recognised is refused. Which tables they show is the role's business.
/// </summary>
internal static class MetadataStatement
{
    /// <summary>The statement to run instead, or <see langword="null"/> when it is none of them.</summary>
    public static string? Rewrite(string core)
    {
        if (Lexer.ReadAll(core) is not { Count: > 1 } tokens) return null;
        var words = new Words(core, tokens);
        if (words.Take("SHOW"))
        {
            if (words.Take("DATABASES")) return words.AtEnd ? $"SELECT name FROM {TenantTables.MetadataDatabase}.databases" : null;
            var full = words.Take("FULL");
            if (words.Take("TABLES")) return Tables(words, full);
            if (words.Take("COLUMNS") || words.Take("FIELDS")) return Columns(words, full);
            return !full && words.Take("CREATE") ? OfTable(words, "SHOW CREATE TABLE") : null;
        }
        if (words.Take("DESCRIBE") || words.Take("DESC")) return OfTable(words, "DESCRIBE TABLE");
        return words.Take("EXISTS") ? OfTable(words, "EXISTS TABLE") : null;
    }

    private static string? Tables(Words words, bool full)
    {
        if ((words.Take("FROM") || words.Take("IN")) && words.TakeName() is not TenantTables.Database) return null;
        var statement = $"SHOW {(full ? "FULL " : "")}TABLES FROM {TenantTables.Database}";
        var not = words.Take("NOT");
        var like = words.Take("LIKE") ? "LIKE" : words.Take("ILIKE") ? "ILIKE" : null;
        if (like is not null)
        {
            if (words.TakeText() is not { } pattern) return null;
            statement += $" {(not ? "NOT " : "")}{like} {SettingsStatement.Quote(pattern)}";
        }
        else if (not)
        {
            return null;
        }
        return words.AtEnd ? statement : null;
    }

    private static string? Columns(Words words, bool full)
    {
        if (!words.Take("FROM") && !words.Take("IN")) return null;
        var table = words.TakeTable();
        if (table is not null && (words.Take("FROM") || words.Take("IN")) && words.TakeName() is not TenantTables.Database) return null;
        return table is not null && words.AtEnd ? $"SHOW {(full ? "FULL " : "")}COLUMNS FROM {table}" : null;
    }

    private static string? OfTable(Words words, string statement)
    {
        words.Take("TABLE");
        return words.TakeTable() is { } table && words.AtEnd ? $"{statement} {table}" : null;
    }

    private sealed class Words(string sql, List<Token> tokens)
    {
        private int _at;

        public bool AtEnd => _at == tokens.Count;

        public bool Take(string word)
        {
            if (AtEnd || !tokens[_at].Is(sql, word)) return false;
            _at++;
            return true;
        }

        public string? TakeName() => !AtEnd && tokens[_at].IsName() ? tokens[_at++].Unquoted(sql) : null;

        public string? TakeText() => !AtEnd && tokens[_at].Kind == TokenKind.Text ? tokens[_at++].Unquoted(sql) : null;

        /// <summary>A tenants' table or a view of metadata, as a quoted name.</summary>
        public string? TakeTable()
        {
            var database = TenantTables.Database;
            var table = TakeName();
            if (table is not null && !AtEnd && tokens[_at].Is(sql, '.'))
            {
                _at++;
                database = table;
                table = TakeName();
            }
            var known = (database == TenantTables.Database && TenantTables.Tables.Contains(table ?? ""))
                || (database == TenantTables.MetadataDatabase && MetadataViews.ByTable.Values.Contains(table ?? ""));
            return known ? $"{database}.{SettingsStatement.QuoteIdentifier(table!)}" : null;
        }
    }
}
