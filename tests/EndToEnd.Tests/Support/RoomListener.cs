using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>A client of the Centrifuge protocol that listens to a channel, and goes on at another gateway, from where it was, when its own is gone.</summary>
internal sealed class RoomListener(Uri first, Uri second, string channel)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private string _epoch = "";
    private long? _offset;

    /// <summary>Completes when it listens for the first time.</summary>
    public TaskCompletionSource Subscribed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it got, in the order in which it came.</summary>
    public List<int> Received { get; } = [];

    /// <summary>Times that it came back and got what it missed.</summary>
    public int Recovered { get; private set; }

    /// <summary>Times that it did not.</summary>
    public int Lost { get; private set; }

    /// <summary>Listens until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var address = first;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(address, cancellationToken);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or EndOfStreamException)
            {
                address = second;
                // As the SDKs do, so that a thousand do not come in the same millisecond.
                if (!cancellationToken.IsCancellationRequested) await Task.Delay(Random.Shared.Next(50, 1000), CancellationToken.None);
            }
        }
    }

    private async Task ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/connection/websocket" }.Uri, cancellationToken);
        await SendAsync(socket, new JsonObject { ["id"] = 1, ["connect"] = new JsonObject { ["token"] = Tokens.Valid("default", "read") } }, cancellationToken);
        var subscribe = new JsonObject { ["channel"] = channel };
        if (_offset is { } offset)
        {
            subscribe["recover"] = true;
            subscribe["epoch"] = _epoch;
            subscribe["offset"] = offset;
        }

        await SendAsync(socket, new JsonObject { ["id"] = 2, ["subscribe"] = subscribe }, cancellationToken);
        while (true)
        {
            foreach (var line in (await ReadAsync(socket, cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line == "{}") await SendAsync(socket, [], cancellationToken);
                else Take(JsonNode.Parse(line)!);
            }
        }
    }

    private void Take(JsonNode message)
    {
        if (message["push"]?["pub"] is { } publication) Take(publication.AsObject());
        if (message["error"] is not null) throw new EndOfStreamException(message.ToJsonString());
        if (message["subscribe"] is not { } reply) return;
        if ((bool?)reply["was_recovering"] == true)
        {
            if ((bool?)reply["recovered"] == true) Recovered++;
            else Lost++;
        }

        foreach (var missed in reply["publications"]?.AsArray() ?? []) Take(missed!.AsObject());
        _epoch = (string)reply["epoch"]!;
        _offset = Math.Max(_offset ?? 0, (long)reply["offset"]!);
        Subscribed.TrySetResult();
    }

    private void Take(JsonObject publication)
    {
        Received.Add((int)publication["data"]!);
        _offset = (long)publication["offset"]!;
    }

    private static async Task SendAsync(ClientWebSocket socket, JsonObject command, CancellationToken cancellationToken) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(command.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    private async Task<string> ReadAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        while (true)
        {
            var result = await socket.ReceiveAsync(_buffer, cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close) throw new EndOfStreamException($"closed with {socket.CloseStatus}");
            text.Write(_buffer, 0, result.Count);
            if (result.EndOfMessage) return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
    }
}
