namespace Millrace.Hosting.Http;

/// <summary>Finds U+0000 in JSON: it is well-formed there, but PostgreSQL keeps no text with it, so no text that is to be kept may have it.</summary>
public static class JsonNul
{
    /// <summary>What to tell the client.</summary>
    public const string Problem = "A text of the document holds U+0000, which no text here may.";

    private static ReadOnlySpan<byte> Escape => "u0000"u8;

    /// <summary>Whether a JSON document that is well-formed has the escape <c>\u0000</c>, anywhere.</summary>
    /// <param name="json">The document, UTF-8.</param>
    public static bool IsIn(ReadOnlySpan<byte> json)
    {
        while (json.IndexOf((byte)'\\') is >= 0 and var at)
        {
            json = json[(at + 1)..];
            if (json.StartsWith(Escape)) return true;
            // What was escaped may itself be a backslash.
            if (json.Length > 0) json = json[1..];
        }

        return false;
    }
}
