using System.Net;

namespace Millrace.Adapters.ClickHouse;

/// <summary>A request body that the caller writes while it is sent. Remembers what the caller threw, which the HTTP client would wrap.</summary>
internal sealed class WrittenContent(Func<Stream, CancellationToken, Task> write) : HttpContent
{
    public Exception? Failure { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var guarded = new GuardedStream(stream);
        try
        {
            await write(guarded, cancellationToken);
        }
        catch (Exception e) when (!guarded.Failed && e is not OperationCanceledException)
        {
            Failure = e;
            throw new IOException("The body could not be written.", e);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
