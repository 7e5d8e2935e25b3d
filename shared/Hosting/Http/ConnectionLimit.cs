using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Http;

/// <summary>
/// Connections past <see cref="HttpOptions.MaxConnections"/> are answered with 503 and closed, so that a client knows to come back. That costs a few
/// hundred bytes and no thread; in a flood, when more than <see cref="MostRefusals"/> are being answered, the others are closed without a word.
/// </summary>
internal sealed class ConnectionLimit(IOptions<HttpOptions> options, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>Refusals under way at once, at most.</summary>
    public const int MostRefusals = 512;

    // How long a client may take to read the answer and close.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private const string Body = """{"type":"urn:millrace:error:overloaded","title":"The service is overloaded","status":503,"detail":"There are as many connections as there may be.","code":"overloaded","retryable":true}""";

    private static readonly byte[] _refusal = Encoding.ASCII.GetBytes(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\nConnection: close\r\n"
        + $"Content-Length: {Body.Length}\r\n\r\n{Body}");

    private int _open;
    private Action? _leave;
    private int _refusing;
    private long _refusedSinceLog;
    private long _loggedAt;

    /// <summary>Connections open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>A connection's life.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= options.Value.MaxConnections)
            {
                await next(connection);
                return;
            }
        }
        finally
        {
            _leave ??= () => Interlocked.Decrement(ref _open);
            if (connection.Features.Get<IOutlivingSocketFeature>()?.TryOnClosed(_leave) != true) _leave();
        }

        await RefuseAsync(connection);
    }

    private async Task RefuseAsync(ConnectionContext connection)
    {
        HostingMetrics.ConnectionsRefused.Add(1);
        Tell();
        try
        {
            if (Interlocked.Increment(ref _refusing) <= MostRefusals) await AnswerAsync(connection);
            else connection.Abort(new ConnectionAbortedException("There are as many connections as there may be."));
        }
        finally
        {
            Interlocked.Decrement(ref _refusing);
        }
    }

    // The request is read and dropped before the end: closing with unread bytes would reset the connection, and the answer be lost with it.
    private async Task AnswerAsync(ConnectionContext connection)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed);
        try
        {
            await connection.Transport.Output.WriteAsync(_refusal, closed.Token);
            await connection.Transport.Output.CompleteAsync();
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync(closed.Token);
                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled) return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            connection.Abort(new ConnectionAbortedException("The refused client did not close."));
        }
    }

    private void Tell()
    {
        var refused = Interlocked.Increment(ref _refusedSinceLog);
        var last = Interlocked.Read(ref _loggedAt);
        var now = time.GetTimestamp();
        if (last != 0 && time.GetElapsedTime(last, now) < LogInterval) return;
        if (Interlocked.CompareExchange(ref _loggedAt, now, last) != last) return;
        Interlocked.Add(ref _refusedSinceLog, -refused);
        Log.ConnectionsRefused(logger, options.Value.MaxConnections, refused);
    }
}
