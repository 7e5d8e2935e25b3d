using System.Buffers;
using System.Text;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>The statement of a request: the URL's, then the body's, as one text. Of an INSERT with data only the beginning is read.</summary>
/// <param name="Sql">The statement; of an INSERT with data its part before FORMAT or VALUES.</param>
/// <param name="InsertFormat">The data's format, or <see langword="null"/> when no data follows.</param>
/// <param name="DataPrefix">The data that was read along with the statement.</param>
internal sealed record ReceivedStatement(string Sql, string? InsertFormat, ReadOnlyMemory<byte> DataPrefix)
{
    private const int FirstRead = 16 * 1024;

    /// <summary>Longest beginning of an INSERT with data.</summary>
    private const int MaxInsertHead = 256 * 1024;

    /// <summary>Reads it.</summary>
    /// <param name="query">The URL's part.</param>
    /// <param name="body">The body; what remains of it when this returns is the data.</param>
    /// <param name="maxLength">Longest statement in bytes.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <exception cref="ChdbException">It is too long, or does not decompress.</exception>
    public static async Task<ReceivedStatement> ReadAsync(string query, Stream body, int maxLength, CancellationToken cancellationToken)
    {
        var text = new ArrayBufferWriter<byte>(FirstRead);
        if (query.Length > 0)
        {
            Encoding.UTF8.GetBytes(query, text);
            text.Write("\n"u8);
        }
        var searched = -1;
        while (true)
        {
            if (text.WrittenCount > searched && text.WrittenCount <= MaxInsertHead && Find(text.WrittenMemory) is { } insert) return insert;
            searched = text.WrittenCount;
            if (text.WrittenCount > maxLength) throw ChdbException.Of(ServerError.SyntaxError, $"Syntax error: the statement is longer than {maxLength} bytes.");
            // Doubling keeps the repeated searches linear; a filled buffer means that there may be more.
            var buffer = text.GetMemory(Math.Max(FirstRead, text.WrittenCount));
            var read = await RequestBody.FillAsync(body, buffer, cancellationToken);
            text.Advance(read);
            if (read < buffer.Length) break;
        }
        return Find(text.WrittenMemory) ?? new ReceivedStatement(Encoding.UTF8.GetString(text.WrittenSpan), null, default);
    }

    /// <summary>One character for each byte: what follows the format's name may be binary, and positions must be the bytes' own.</summary>
    private static ReceivedStatement? Find(ReadOnlyMemory<byte> text)
    {
        var characters = Encoding.Latin1.GetString(text.Span);
        if (InsertHead.Find(characters) is not { } head) return null;
        var statement = Encoding.UTF8.GetString(text.Span[..head.Statement.Length]);
        return new ReceivedStatement(statement, head.Format, text[head.DataStart..]);
    }
}
