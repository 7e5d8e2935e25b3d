namespace Millrace.Hosting.Schema;

/// <summary>
/// Texts of strangers on their way into the database. PostgreSQL takes neither a NUL nor half a surrogate pair, and a text that is cut at a length may
/// end in one: the statement would fail, with everything else in its transaction.
/// </summary>
internal static class StoredText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text, cut at a length, with a replacement character for what a database does not take.</summary>
    public static string Of(string text, int longest)
    {
        if (text.Length > longest) text = text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];
        return IsStorable(text) ? text : Replaced(text);
    }

    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || char.IsLowSurrogate(text[i])) return false;
            if (char.IsHighSurrogate(text[i]) && (++i == text.Length || !char.IsLowSurrogate(text[i]))) return false;
        }

        return true;
    }

    private static string Replaced(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.Value == 0 ? Replacement.ToString() : rune.ToString()));
}
