using System.Buffers;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>Runs an INSERT with data: gives the body to the engine as it arrives.</summary>
internal sealed class InsertRunner(ServerOptions server)
{
    private const int ReadBytes = 1 << 20;

    /// <summary>Runs it and answers once the data is stored. A body that ends early cancels it.</summary>
    /// <exception cref="ChdbException">It failed.</exception>
    public async Task RunAsync(RequestContext request, ChdbConnection connection, ReceivedStatement statement, string format)
    {
        var statistics = await FeedAsync(request, connection, statement, format);
        await using var response = new HeldResponse(request.Http, format, compress: false, holdWhole: false, server.TemporaryDirectory);
        await response.CompleteAsync(statistics, request.Gone);
    }

    private static async Task<QueryStatistics> FeedAsync(RequestContext request, ChdbConnection connection, ReceivedStatement statement, string format)
    {
        using var stream = connection.BeginInsert(statement.Sql, format, request.Parameters.Parameters);
        stream.Append(statement.DataPrefix.Span);
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            int read;
            while ((read = await RequestBody.FillAsync(request.Body, buffer, request.Gone)) > 0)
            {
                stream.Append(buffer.AsSpan(0, read));
                if (read < buffer.Length) break;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        request.Gone.ThrowIfCancellationRequested();
        return stream.Complete();
    }
}
