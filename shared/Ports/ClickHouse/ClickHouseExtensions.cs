using System.Buffers;
using System.IO.Pipelines;

namespace Millrace.Ports.ClickHouse;

/// <summary>Other shapes of an insert's body.</summary>
public static class ClickHouseExtensions
{
    /// <summary>Inserts one batch that is in memory. The caller keeps the memory and leaves it unchanged until the task has completed.</summary>
    public static Task<ClickHouseWritten> InsertAsync(
        this IClickHouse clickHouse, ClickHouseInsert insert, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(clickHouse);
        return clickHouse.InsertAsync(insert, async (stream, token) => await stream.WriteAsync(body, token), cancellationToken);
    }

    /// <summary>Inserts one batch that a writer puts into a buffer, sent when the writer returns. A retrying decorator calls the writer again.</summary>
    public static Task<ClickHouseWritten> InsertAsync(
        this IClickHouse clickHouse, ClickHouseInsert insert, Action<IBufferWriter<byte>> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(clickHouse);
        ArgumentNullException.ThrowIfNull(write);
        return clickHouse.InsertAsync(insert, WriteAsync, cancellationToken);

        async Task WriteAsync(Stream stream, CancellationToken token)
        {
            var pipe = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
            write(pipe);
            await pipe.CompleteAsync();
        }
    }
}
