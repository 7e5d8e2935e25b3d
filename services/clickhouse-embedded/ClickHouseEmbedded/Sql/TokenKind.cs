namespace Millrace.ClickHouse.Embedded.Sql;

/// <summary>Kinds of tokens of ClickHouse's SQL, as far as this program must tell them apart.</summary>
internal enum TokenKind
{
    /// <summary>Never given.</summary>
    Unset,

    /// <summary>A keyword, name or number without quotes.</summary>
    Word,

    /// <summary>A name in backticks or double quotes.</summary>
    QuotedName,

    /// <summary>A literal in single quotes, or a heredoc.</summary>
    Text,

    /// <summary>One character of punctuation.</summary>
    Symbol,
}

/// <summary>One token: where it is in the text.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int Length)
{
    /// <summary>Where the next character is.</summary>
    public int End => Start + Length;
}
