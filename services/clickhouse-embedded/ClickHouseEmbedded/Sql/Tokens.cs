namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>Questions about tokens and the text they are of.</summary>
internal static class Tokens
{
    /// <summary>Whether a token is a keyword.</summary>
    public static bool Is(this Token token, string sql, string keyword) =>
        token.Kind == TokenKind.Word && sql.AsSpan(token.Start, token.Length).Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a token is a punctuation mark.</summary>
    public static bool Is(this Token token, string sql, char symbol) => token.Kind == TokenKind.Symbol && sql[token.Start] == symbol;

    /// <summary>Whether a token is a name, quoted or not.</summary>
    public static bool IsName(this Token token) => token.Kind is TokenKind.Word or TokenKind.QuotedName;

    /// <summary>+1 for an opening bracket, -1 for a closing one.</summary>
    public static int Depth(this Token token, string sql) => token.Kind != TokenKind.Symbol ? 0 : sql[token.Start] switch
    {
        '(' or '[' or '{' => 1,
        ')' or ']' or '}' => -1,
        _ => 0,
    };

    /// <summary>A name without its quotes; a literal without its quotes. Escapes are undone as far as ClickHouse has them for quotes and backslashes.</summary>
    public static string Unquoted(this Token token, string sql)
    {
        var text = sql.Substring(token.Start, token.Length);
        if (token.Kind is not (TokenKind.QuotedName or TokenKind.Text) || text.Length < 2 || text[0] == '$') return text;
        var quote = text[0];
        var value = new System.Text.StringBuilder(text.Length);
        for (var i = 1; i < text.Length - 1; i++)
        {
            if ((text[i] == '\\' || (text[i] == quote && text[i + 1] == quote)) && i + 1 < text.Length - 1) i++;
            value.Append(text[i]);
        }
        return value.ToString();
    }
}
