namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>
/// Splits ClickHouse's SQL into tokens, leaving out white space and comments. It serves to find the ends of a statement (FORMAT, SETTINGS, data) and to
/// rewrite names; it decides nothing about what is allowed: that is asked of the engine's own parser.
/// </summary>
/// <param name="sql">The text.</param>
internal sealed class Lexer(string sql)
{
    private int _at;

    /// <summary>False once the text has turned out to end inside a literal, a quoted name or a comment.</summary>
    public bool Complete { get; private set; } = true;

    /// <summary>All tokens of a text, or <see langword="null"/> when it ends inside a literal, a quoted name or a comment.</summary>
    public static List<Token>? ReadAll(string sql)
    {
        var lexer = new Lexer(sql);
        var tokens = new List<Token>();
        while (lexer.TryRead(out var token)) tokens.Add(token);
        return lexer.Complete ? tokens : null;
    }

    /// <summary>The next token, until there is none.</summary>
    public bool TryRead(out Token token)
    {
        while (_at < sql.Length && Skip())
        {
        }
        if (_at >= sql.Length)
        {
            token = default;
            return false;
        }
        token = Next();
        _at = token.End;
        return true;
    }

    /// <summary>Skips one stretch of white space or one comment.</summary>
    private bool Skip()
    {
        var start = _at;
        while (_at < sql.Length && (char.IsWhiteSpace(sql[_at]) || sql[_at] is '\uFEFF' or '\u200B')) _at++;
        if (_at > start) return true;
        var rest = sql.AsSpan(_at);
        if (rest.StartsWith("--") || rest.StartsWith("//") || rest.StartsWith("#!") || rest.StartsWith("# "))
        {
            var end = rest.IndexOf('\n');
            _at = end < 0 ? sql.Length : _at + end + 1;
            return true;
        }
        if (!rest.StartsWith("/*")) return false;
        SkipComment();
        return true;
    }

    /// <summary>Comments nest, as the SQL standard says.</summary>
    private void SkipComment()
    {
        var depth = 0;
        while (_at + 1 < sql.Length)
        {
            var two = sql.AsSpan(_at, 2);
            if (two is "/*") depth++;
            else if (two is "*/") depth--;
            _at += two is "/*" or "*/" ? 2 : 1;
            if (depth == 0) return;
        }
        Complete = false;
        _at = sql.Length;
    }

    private Token Next()
    {
        switch (sql[_at])
        {
            case '\'':
                return Quoted('\'', TokenKind.Text);
            case '`':
                return Quoted('`', TokenKind.QuotedName);
            case '"':
                return Quoted('"', TokenKind.QuotedName);
            case '\u2018':
                return Typographic('\u2019', TokenKind.Text);
            case '\u201C':
                return Typographic('\u201D', TokenKind.QuotedName);
            case '$' when Heredoc() is { } heredoc:
                return heredoc;
        }
        if (!IsWord(sql[_at])) return new Token(TokenKind.Symbol, _at, 1);
        var end = _at;
        while (end < sql.Length && IsWord(sql[end])) end++;
        return new Token(TokenKind.Word, _at, end - _at);
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';

    /// <summary>A quote inside is escaped by a backslash or by doubling it.</summary>
    private Token Quoted(char quote, TokenKind kind)
    {
        var end = _at + 1;
        while (end < sql.Length)
        {
            var escaped = sql[end] == '\\' || (sql[end] == quote && end + 1 < sql.Length && sql[end + 1] == quote);
            if (!escaped && sql[end] == quote) return new Token(kind, _at, end + 1 - _at);
            end += escaped ? 2 : 1;
        }
        return Unfinished(kind);
    }

    private Token Typographic(char close, TokenKind kind)
    {
        var end = sql.IndexOf(close, _at);
        return end < 0 ? Unfinished(kind) : new Token(kind, _at, end + 1 - _at);
    }

    private Token? Heredoc()
    {
        var tag = _at + 1;
        while (tag < sql.Length && (char.IsAsciiLetterOrDigit(sql[tag]) || sql[tag] == '_')) tag++;
        if (tag >= sql.Length || sql[tag] != '$') return null;
        var mark = sql.AsSpan(_at, tag + 1 - _at);
        var close = sql.AsSpan(tag + 1).IndexOf(mark);
        return close < 0 ? Unfinished(TokenKind.Text) : new Token(TokenKind.Text, _at, tag + 1 + close + mark.Length - _at);
    }

    private Token Unfinished(TokenKind kind)
    {
        Complete = false;
        return new Token(kind, _at, sql.Length - _at);
    }
}
