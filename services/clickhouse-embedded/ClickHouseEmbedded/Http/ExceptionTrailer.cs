using System.Security.Cryptography;
using System.Text;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>
/// How ClickHouse (25.11 and later) tells of an error when rows have been sent already: a marker with a tag that the headers named, the message and its length.
/// After it the connection ends without the end of the body.
/// </summary>
internal static class ExceptionTrailer
{
    /// <summary>Name of the header with the tag.</summary>
    public const string TagHeader = "X-ClickHouse-Exception-Tag";

    private const string Letters = "abcdefghijklmnopqrstuvwxyz";

    /// <summary>A new tag: 16 random letters.</summary>
    public static string NewTag() => RandomNumberGenerator.GetString(Letters, 16);

    /// <summary>The bytes after the last row.</summary>
    public static byte[] Of(string message, string tag)
    {
        var text = message + "\n";
        return Encoding.UTF8.GetBytes($"\r\n__exception__\r\n{tag}\r\n{text}{Encoding.UTF8.GetByteCount(text)} {tag}\r\n__exception__\r\n");
    }

    /// <summary>The text of an error as the body of an answer: with the server's version, as ClickHouse writes it.</summary>
    public static string Text(ChdbException error, string version) =>
        error.Message.Contains("(version ", StringComparison.Ordinal) ? error.Message : $"{error.Message} (version {version})";
}
