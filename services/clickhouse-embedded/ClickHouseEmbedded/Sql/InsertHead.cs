namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>The beginning of an INSERT whose data follows it in the same text or stream.</summary>
/// <param name="Statement">The statement up to FORMAT or VALUES, without them.</param>
/// <param name="Format">The data's format.</param>
/// <param name="DataStart">Where the data begins, in characters from the start of the text.</param>
internal sealed record InsertHead(string Statement, string Format, int DataStart)
{
    /// <summary>Whether a text begins as an INSERT does.</summary>
    public static bool IsInsert(string sql) => new Lexer(sql).TryRead(out var first) && first.Is(sql, "INSERT");

    /// <summary>
    /// Finds where the data of an INSERT begins. Answers <see langword="null"/> for everything else: other statements, INSERT … SELECT, and a text that ends
    /// before its FORMAT or VALUES.
    /// </summary>
    /// <param name="sql">Text, one character for each byte or decoded.</param>
    public static InsertHead? Find(string sql)
    {
        var lexer = new Lexer(sql);
        if (!lexer.TryRead(out var token) || !token.Is(sql, "INSERT")) return null;
        var depth = 0;
        var named = false;
        while (lexer.TryRead(out token))
        {
            depth += token.Depth(sql);
            var afterDot = token.Start > 0 && sql[token.Start - 1] == '.';
            if (depth != 0 || afterDot) continue;
            if (!named)
            {
                // The table's own name may be any word, such as format or values.
                named = !(token.Is(sql, "INTO") || token.Is(sql, "TABLE") || token.Is(sql, "FUNCTION"));
                continue;
            }
            if (token.Is(sql, "SELECT") || token.Is(sql, "WITH") || token.Is(sql, "INFILE")) return null;
            if (token.Is(sql, "VALUES")) return new InsertHead(sql[..token.Start], "Values", token.End);
            if (!token.Is(sql, "FORMAT")) continue;
            return lexer.TryRead(out var format) && format.IsName()
                ? new InsertHead(sql[..token.Start], format.Unquoted(sql), AfterFormat(sql, format.End))
                : null;
        }
        return null;
    }

    /// <summary>Blanks after the format's name, one semicolon and one end of line are not data.</summary>
    private static int AfterFormat(string sql, int at)
    {
        at = SkipBlanks(sql, at);
        if (at < sql.Length && sql[at] == ';') at = SkipBlanks(sql, at + 1);
        if (at < sql.Length && sql[at] == '\r') at++;
        if (at < sql.Length && sql[at] == '\n') at++;
        return at;
    }

    private static int SkipBlanks(string sql, int at)
    {
        while (at < sql.Length && sql[at] is ' ' or '\t' or '\f') at++;
        return at;
    }
}
