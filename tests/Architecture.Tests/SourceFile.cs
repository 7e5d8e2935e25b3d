using System.Text;

namespace Millrace.Architecture.Tests;

/// <summary>A C# file: its text, and the same text with comments and the contents of literals blanked out, position by position.</summary>
internal sealed class SourceFile(string path, string text)
{
    private readonly Lazy<string> _code = new(() => Blank(text));

    public string Path { get; } = path;

    public string Text { get; } = text;

    public string Code => _code.Value;

    public int Lines => Text.Length == 0 ? 0 : Text.AsSpan().Count('\n') + (Text[^1] == '\n' ? 0 : 1);

    public int LineAt(int position) => Text.AsSpan(0, position).Count('\n') + 1;

    /// <summary>Replaces what is not code with spaces. Holes of interpolated strings count as text, which is near enough for these rules.</summary>
    internal static string Blank(string text)
    {
        var code = new StringBuilder(text);
        var i = 0;
        while (i < text.Length)
        {
            var end = EndOfText(text, i);
            if (end == i)
            {
                i++;
                continue;
            }

            for (; i < end; i++)
            {
                if (text[i] != '\n') code[i] = ' ';
            }
        }

        return code.ToString();
    }

    // End of the comment or literal that begins here, or the same position.
    private static int EndOfText(string text, int start)
    {
        var rest = text.AsSpan(start);
        if (rest.StartsWith("//")) return start + Until(rest, "\n", 2, 0);
        if (rest.StartsWith("/*")) return start + Until(rest, "*/", 2, 2);
        if (rest[0] == '\'') return start + Quoted(rest, '\'');
        var quotes = rest.IndexOfAnyExcept('"') is var count && count < 0 ? rest.Length : count;
        if (quotes >= 3) return start + Until(rest, new string('"', quotes), quotes, quotes);
        if (rest[0] != '"') return start;
        var verbatim = start > 0 && (text[start - 1] == '@' || (start > 1 && text[start - 1] == '$' && text[start - 2] == '@'));
        return start + (verbatim ? Verbatim(rest) : Quoted(rest, '"'));
    }

    private static int Until(ReadOnlySpan<char> rest, string mark, int from, int plus)
    {
        var found = rest[from..].IndexOf(mark);
        return found < 0 ? rest.Length : from + found + plus;
    }

    private static int Quoted(ReadOnlySpan<char> rest, char quote)
    {
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\') i++;
            else if (rest[i] == quote || rest[i] == '\n') return i + 1;
        }

        return rest.Length;
    }

    private static int Verbatim(ReadOnlySpan<char> rest)
    {
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] != '"') continue;
            if (i + 1 < rest.Length && rest[i + 1] == '"') i++;
            else return i + 1;
        }

        return rest.Length;
    }
}
