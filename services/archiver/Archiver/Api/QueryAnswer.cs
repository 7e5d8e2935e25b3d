using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary>
/// Turns ClickHouse's lines (names, types, then an array a row) into <c>{"meta":[…],"data":[[…]],"rows":n,"elapsed_ms":n}</c> while they come.
/// The beginning is held back, so that a query that fails early is answered with its error; one that fails later ends with a broken connection,
/// which no client takes for the answer.
/// </summary>
internal static class QueryAnswer
{
    private const int HeldBack = 1 << 20;
    private const int LongestRow = 64 << 20;

    /// <summary>Writes the answer.</summary>
    public static async Task WriteAsync(HttpResponse response, Stream body, Func<TimeSpan> elapsed, CancellationToken cancellationToken)
    {
        using var lines = new LineReader(body, LongestRow);
        using var buffer = new Blocks.PooledBuffer(64 * 1024);
        WriteMeta(buffer, await LineAsync(), await LineAsync());
        response.ContentType = "application/json";
        long rows = 0;
        var most = HeldBack;
        while (await lines.ReadAsync(cancellationToken) is { } row)
        {
            if (row.IsEmpty) continue;
            if (rows++ > 0) buffer.Write(","u8);
            buffer.Write(row.Span);
            if (buffer.Length < most) continue;
            await response.Body.WriteAsync(buffer.Memory, cancellationToken);
            buffer.Clear();
            most = 64 * 1024;
        }

        buffer.Write("],\"rows\":"u8);
        WriteNumber(buffer, rows);
        buffer.Write(",\"elapsed_ms\":"u8);
        WriteNumber(buffer, (long)elapsed().TotalMilliseconds);
        buffer.Write("}"u8);
        await response.Body.WriteAsync(buffer.Memory, cancellationToken);

        async Task<string[]> LineAsync() =>
            await lines.ReadAsync(cancellationToken) is { } line ? JsonSerializer.Deserialize<string[]>(line.Span) ?? [] : [];
    }

    private static void WriteMeta(Blocks.PooledBuffer buffer, string[] names, string[] types)
    {
        buffer.Write("{\"meta\":"u8);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var (name, type) in names.Zip(types))
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("type", type);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        buffer.Write(",\"data\":["u8);
    }

    private static void WriteNumber(Blocks.PooledBuffer buffer, long number)
    {
        Span<byte> digits = stackalloc byte[20];
        System.Buffers.Text.Utf8Formatter.TryFormat(number, digits, out var length);
        buffer.Write(digits[..length]);
    }
}
