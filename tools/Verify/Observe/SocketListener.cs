using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>
/// A dashboard: listens to a stream on <c>/ws</c>, comes back when the connection breaks, and asks for what it missed by the position of the last message.
/// </summary>
internal abstract class SocketListener(ITarget target, string tenant, string stream, string mode)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(10);

    // The server pings every 25 s; a connection that is dead without a word is broken off soon after.
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(5);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _position;

    /// <summary>Completes with the first snapshot: what comes from then on must be seen.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Name of the tenant.</summary>
    public string Tenant => tenant;

    /// <summary>Full name of the stream.</summary>
    public string Stream => stream;

    /// <summary>Connections made.</summary>
    public int Connections { get; private set; }

    /// <summary>Times that it asked for what it had missed and got a snapshot instead.</summary>
    public int Resets { get; private set; }

    /// <summary>Messages whose position was not behind that of the one before, though the epoch was the same.</summary>
    public List<string> Disorder { get; } = [];

    /// <summary>Listens until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancellationToken);
            }
            catch (Exception e) when (e is WebSocketException or HttpRequestException or IOException or OperationCanceledException)
            {
                // Broken, or not there yet: again from where it was.
                await Task.Delay(_pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>A snapshot: what is known now, instead of what was missed.</summary>
    protected abstract void OnSnapshot(JsonNode data);

    /// <summary>One change.</summary>
    /// <param name="position">Where it stands.</param>
    /// <param name="data">The change.</param>
    /// <param name="whole">Whether everything is shown, and not a sample.</param>
    protected abstract void OnMessage(string position, JsonNode data, bool whole);

    /// <summary>It was told that from here on not everything is shown.</summary>
    protected virtual void OnLess()
    {
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + target.CredentialOf(tenant));
        socket.Options.KeepAliveInterval = _silence;
        socket.Options.KeepAliveTimeout = _silence;
        var since = _position is null ? "" : "&since=" + Uri.EscapeDataString(_position);
        var address = new UriBuilder(new Uri(target.Url, $"/ws?stream={stream}&mode={mode}{since}")) { Scheme = target.Url.Scheme == "https" ? "wss" : "ws" };
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            limit.CancelAfter(_connectLimit);
            await socket.ConnectAsync(address.Uri, limit.Token);
        }

        Connections++;
        var resumed = _position is not null;
        var buffer = new byte[64 * 1024];
        while (await ReceiveAsync(socket, buffer, cancellationToken) is var (bytes, grown))
        {
            buffer = grown;
            Take(bytes, resumed);
        }
    }

    private void Take(ReadOnlyMemory<byte> bytes, bool resumed)
    {
        // Several documents may stand in one message, a line each.
        foreach (var line in SplitLines(bytes))
        {
            var message = JsonNode.Parse(line.Span)!;
            var position = $"{message["epoch"]}:{message["offset"]}";
            switch ((string?)message["type"])
            {
                case "snapshot":
                    if (resumed)
                    {
                        if ((string?)message["mode"] != "aggregated") Resets++;
                        OnLess();
                    }

                    OnSnapshot(message["data"]!);
                    _listening.TrySetResult();
                    break;
                case "degraded":
                    if ((bool)message["data"]!["degraded"]!) OnLess();
                    continue;
                case "window" or "event":
                    var whole = message["sample_rate"] is null;
                    if (!whole) OnLess();
                    if (_position is not null && !IsBehind(_position, position)) Disorder.Add($"{position} after {_position}");
                    OnMessage(position, message["data"]!, whole);
                    break;
                default:
                    continue;
            }

            _position = position;
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> SplitLines(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (!line.IsEmpty) yield return line;
        }
    }

    private static bool IsBehind(string before, string after)
    {
        var (first, second) = (Split(before), Split(after));
        return first.Epoch != second.Epoch || second.Offset > first.Offset;
    }

    private static (string Epoch, long Offset) Split(string position)
    {
        var colon = position.LastIndexOf(':');
        return (position[..colon], long.Parse(position.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<(ReadOnlyMemory<byte> Message, byte[] Buffer)?> ReceiveAsync(ClientWebSocket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return (buffer.AsMemory(0, length), buffer);
        }
    }
}
