using System.Text.Json;

namespace Millrace.Hosting.Http;

/// <summary>What is wrong with a body that is no JSON, for the one who sent it.</summary>
public static class JsonFault
{
    private const int Longest = 200;

    /// <summary>The parser's message, cut: it may repeat what was sent at any length.</summary>
    public static string Of(JsonException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var cut = Cut(error.Message);
        return ReferenceEquals(cut, error.Message) || error.LineNumber is not { } line ? cut : FormattableString.Invariant($"{cut} (line {line}, byte {error.BytePositionInLine})");
    }

    /// <summary>A text of the sender's for a message, cut.</summary>
    public static string Cut(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest), "…");
    }
}
