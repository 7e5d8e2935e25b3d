using System.Net;
using System.Net.Sockets;
using System.Text;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.RealtimeGateway.WebSockets;
using Millrace.RealtimeGateway.WebSockets.Listening;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>WebSockets that are taken out of the web server, and those that stay in it: nobody can tell.</summary>
public sealed class DetachedTests : GatewayTest
{
    private const string Handshake =
        "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

    protected override (string Key, string Value)[] Settings => [("Http:MaxConnections", "4")];

    [Fact]
    public async Task Websocket_over_plain_http_is_taken_out_of_the_server()
    {
        await using var plain = await ConnectAsync();
        await using var listener = await SocketClient.OpenAsync(Server.Address, "/ws?stream=shop", header: Server.Token());
        await Eventually.TrueAsync(async () => (await TransportsAsync()).SequenceEqual(["SocketTransport", "SocketTransport"]));
    }

    [Fact]
    public async Task Websocket_behind_another_request_stays_the_servers_and_works()
    {
        using var socket = await OpenRawAsync();
        await socket.SendAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await ReadUntilAsync(socket, "\r\n\r\n");
        await socket.SendAsync(Encoding.ASCII.GetBytes(Handshake));
        await ReadUntilAsync(socket, "101 Switching Protocols");
        await Eventually.TrueAsync(async () => (await TransportsAsync()).SequenceEqual(["ServerTransport"]));
        await socket.SendAsync(Connect());
        await ReadUntilAsync(socket, "\"client\"");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public async Task What_is_sent_right_behind_the_handshake_is_not_lost(int split)
    {
        using var socket = await OpenRawAsync();
        var frame = Connect();
        var behind = split == 0 ? frame.Length : split;

        await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(Handshake), .. frame[..behind]]);
        var answer = await ReadUntilAsync(socket, "\r\n\r\n");
        if (behind < frame.Length) await socket.SendAsync(frame[behind..]);

        if (!answer.Contains("\"connect\"", StringComparison.Ordinal)) Assert.Contains("\"client\"", await ReadUntilAsync(socket, "\"client\""));
        Assert.Equal(["SocketTransport"], await TransportsAsync());
    }

    [Fact]
    public async Task Socket_that_the_server_has_let_go_of_still_counts_among_its_connections()
    {
        var sockets = new List<SocketClient>();
        for (var i = 0; i < 4; i++) sockets.Add(await ConnectAsync());
        await Eventually.TrueAsync(async () => await StatusAsync() == HttpStatusCode.ServiceUnavailable);

        foreach (var socket in sockets) await socket.DisposeAsync();

        await Eventually.TrueAsync(async () => await StatusAsync() == HttpStatusCode.OK);
        Assert.Equal(0, Server.Get<FanoutHub>().Connections);
    }

    [Fact]
    public async Task Request_that_is_no_handshake_after_all_is_answered_like_any_other()
    {
        using var http = Server.Http();
        using var answer = await http.GetAsync("/connection/websocket");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var again = await http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task Client_that_is_cut_gives_its_place_back()
    {
        using (var socket = await OpenRawAsync())
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(Handshake));
            await ReadUntilAsync(socket, "\r\n\r\n");
            await Eventually.TrueAsync(() => Server.Get<FanoutHub>().Connections == 1);
            // A reset, not an orderly end.
            socket.LingerState = new LingerOption(true, 0);
        }

        await Eventually.TrueAsync(() => Server.Get<FanoutHub>().Connections == 0);
    }

    [Theory]
    [InlineData("GET /connection/websocket HTTP/1.1\r\n", true)]
    [InlineData("GET /connection/websocket?format=protobuf", true)]
    [InlineData("GET /connection/uni_websocket HTTP", true)]
    [InlineData("GET /ws?stream=shop", true)]
    [InlineData("GET /wsx HTTP/1.1", false)]
    [InlineData("GET /ws", false)]
    [InlineData("GET /connection/sse HTTP/1.1", false)]
    [InlineData("POST /ingest HTTP/1.1", false)]
    [InlineData("PRI * HTTP/2.0", false)]
    [InlineData("", false)]
    public void Only_what_opens_a_websocket_is_recognised(string head, bool isOurs) =>
        Assert.Equal(isOurs, Opening.IsOurs(Encoding.ASCII.GetBytes(head).AsSpan(0, Math.Min(head.Length, Opening.Longest))));

    [Fact]
    public async Task Input_keeps_what_is_not_taken_and_grows_with_it()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var sender = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await sender.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        using var receiver = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        receiver.Blocking = false;
        var input = new SocketInput(receiver, "ahead"u8);
        var sent = new byte[100_000];
        Random.Shared.NextBytes(sent);
        var sending = sender.SendAsync(sent, SocketFlags.None, TestContext.Current.CancellationToken);

        var read = await input.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("ahead"u8, read.Buffer.FirstSpan);
        while (read.Buffer.Length < 5 + sent.Length)
        {
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await input.ReadAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(sent, read.Buffer.FirstSpan[5..]);
        input.AdvanceTo(read.Buffer.GetPosition(50_005));
        // Not all of it has been looked at: no need to wait for more.
        Assert.True(input.TryRead(out read));
        Assert.Equal(sent.AsSpan(50_000), read.Buffer.FirstSpan);
        input.AdvanceTo(read.Buffer.End);
        Assert.False(input.TryRead(out _));
        Assert.Equal(sent.Length, await sending);
        sender.Shutdown(SocketShutdown.Both);
        Assert.True((await input.ReadAsync(TestContext.Current.CancellationToken)).IsCompleted);
    }

    // A masked frame; the mask is zeros.
    private byte[] Connect()
    {
        var command = Encoding.UTF8.GetBytes($$$"""{"id":1,"connect":{"token":"{{{Server.Token()}}}"}}""");
        return [0x81, 0x80 | 126, (byte)(command.Length >> 8), (byte)command.Length, 0, 0, 0, 0, .. command];
    }

    private async Task<HttpStatusCode> StatusAsync()
    {
        using var http = Server.Http();
        using var answer = await http.GetAsync("/health/live");
        return answer.StatusCode;
    }

    private async Task<IEnumerable<string>> TransportsAsync() =>
        (await Server.Get<FanoutHub>().CollectAsync(connection => connection.Transport.GetType().Name, TestContext.Current.CancellationToken)).Order(StringComparer.Ordinal);

    private async Task<Socket> OpenRawAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Server.Address.Port);
        return socket;
    }

    private static async Task<string> ReadUntilAsync(Socket socket, string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var buffer = new byte[4096];
        var all = "";
        while (!all.Contains(text, StringComparison.Ordinal))
        {
            var length = await socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
            if (length == 0) throw new EndOfStreamException(all);
            all += Encoding.Latin1.GetString(buffer, 0, length);
        }

        return all;
    }
}
