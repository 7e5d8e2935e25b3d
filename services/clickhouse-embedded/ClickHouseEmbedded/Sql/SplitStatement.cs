namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>A statement that gives rows, without the clauses that say how to write them.</summary>
/// <param name="Core">The statement without FORMAT, without what follows it and without closing semicolons.</param>
/// <param name="Format">The format it names, or <see langword="null"/>.</param>
/// <param name="TrailingSettings">A SETTINGS clause that follows FORMAT, or an empty text.</param>
internal sealed record SplitStatement(string Core, string? Format, string TrailingSettings)
{
    /// <summary>Splits a text; one that has no FORMAT clause, or none that can be found, is all core.</summary>
    public static SplitStatement Of(string sql)
    {
        if (Lexer.ReadAll(sql) is not { } tokens) return new SplitStatement(sql, null, "");
        while (tokens.Count > 0 && tokens[^1].Is(sql, ';')) tokens.RemoveAt(tokens.Count - 1);
        if (tokens.Count == 0) return new SplitStatement("", null, "");
        var end = tokens[^1].End;
        if (FindFormat(sql, tokens) is not { } at) return new SplitStatement(sql[..end], null, "");
        var settings = at + 2 < tokens.Count ? sql[tokens[at + 2].Start..end] : "";
        return new SplitStatement(sql[..tokens[at].Start].TrimEnd(), tokens[at + 1].Unquoted(sql), settings);
    }

    /// <summary>The last FORMAT outside brackets with a name and nothing but SETTINGS after it. At the start it is no clause.</summary>
    private static int? FindFormat(string sql, List<Token> tokens)
    {
        var depth = 0;
        for (var i = tokens.Count - 1; i > 0; i--)
        {
            depth += tokens[i].Depth(sql);
            if (depth != 0 || !tokens[i].Is(sql, "FORMAT") || i + 1 >= tokens.Count || !tokens[i + 1].IsName()) continue;
            // ORDER BY format DESC
            if (tokens[i + 1].Is(sql, "DESC") || tokens[i + 1].Is(sql, "ASC")) continue;
            if (i + 2 == tokens.Count || tokens[i + 2].Is(sql, "SETTINGS")) return i;
        }
        return null;
    }
}
