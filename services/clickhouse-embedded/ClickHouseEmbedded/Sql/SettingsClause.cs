namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>A SETTINGS clause taken out of a statement.</summary>
internal static class SettingsClause
{
    /// <summary>
    /// Takes the last SETTINGS clause outside brackets off the end of a statement. Only <c>name = literal</c> pairs are known here; a clause with anything else
    /// stays where it is.
    /// </summary>
    /// <returns>The statement without the clause, and the pairs.</returns>
    public static (string Core, List<KeyValuePair<string, string>> Settings) TakeOff(string sql)
    {
        var none = (sql, new List<KeyValuePair<string, string>>());
        if (Lexer.ReadAll(sql) is not { } tokens) return none;
        var depth = 0;
        for (var i = tokens.Count - 1; i >= 0; i--)
        {
            depth += tokens[i].Depth(sql);
            if (depth != 0 || !tokens[i].Is(sql, "SETTINGS")) continue;
            return ReadPairs(sql, tokens, i + 1) is { Count: > 0 } pairs ? (sql[..tokens[i].Start].TrimEnd(), pairs) : none;
        }
        return none;
    }

    /// <summary>Whether a clause is anywhere in a statement, brackets included.</summary>
    public static bool IsIn(string sql)
    {
        var lexer = new Lexer(sql);
        var settings = false;
        var name = false;
        while (lexer.TryRead(out var token))
        {
            if (name && token.Is(sql, '=')) return true;
            name = settings && token.IsName();
            settings = token.Is(sql, "SETTINGS");
        }
        return false;
    }

    private static List<KeyValuePair<string, string>>? ReadPairs(string sql, List<Token> tokens, int at)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        while (true)
        {
            if (at + 2 >= tokens.Count || tokens[at].Kind != TokenKind.Word || !tokens[at + 1].Is(sql, '=')) return null;
            var name = tokens[at].Unquoted(sql);
            at += 2;
            var first = at;
            while (at < tokens.Count && !tokens[at].Is(sql, ',')) at++;
            if (Literal(sql, tokens, first, at) is not { } value) return null;
            pairs.Add(new(name, value));
            if (at == tokens.Count) return pairs;
            at++;
        }
    }

    /// <summary>A text in quotes, or a number or word: what follows each other without white space.</summary>
    private static string? Literal(string sql, List<Token> tokens, int first, int end)
    {
        if (end - first == 1 && tokens[first].Kind == TokenKind.Text) return tokens[first].Unquoted(sql);
        for (var i = first; i < end; i++)
        {
            var plain = tokens[i].Kind == TokenKind.Word || tokens[i].Is(sql, '.') || tokens[i].Is(sql, '-') || tokens[i].Is(sql, '+');
            if (!plain || (i > first && tokens[i].Start != tokens[i - 1].End)) return null;
        }
        return end > first ? sql[tokens[first].Start..tokens[end - 1].End] : null;
    }
}
