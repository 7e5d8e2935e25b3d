using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using Millrace.RealtimeFanout.Servers;

namespace Millrace.RealtimeFanout.Load;

/// <summary>
/// Publishes at intended times and receives, on one thread: a publication that leaves late because the thread was busy counts from the time it was meant to leave.
/// </summary>
internal sealed class Traffic : IDisposable
{
    // Publications of one channel follow each other on one connection; so many wait for their answers at a time.
    private const int Publishers = 32;

    private static readonly byte[] Pong = Dialect.Masked("{}");
    private static readonly byte[] ControlPong = [0x8A, 0x80, 0, 0, 0, 0];
    private readonly Dialect _dialect;
    private readonly Scenario _scenario;
    private readonly List<Socket> _subscribers;
    private readonly Socket[] _publishers;
    private readonly Poller _poller = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private long _published;

    public Traffic(Dialect dialect, Clients clients, Scenario scenario, int subscribers)
    {
        _dialect = dialect;
        _scenario = scenario;
        _subscribers = clients.Open(subscribers, scenario.Channels);
        _publishers = new Socket[Math.Min(Publishers, scenario.Channels)];
        for (var i = 0; i < _publishers.Length; i++)
        {
            _publishers[i] = clients.Connect();
            _publishers[i].Blocking = false;
        }

        for (var i = 0; i < _subscribers.Count; i++) _poller.Add(_subscribers[i], i);
        for (var i = 0; i < _publishers.Length; i++) _poller.Add(_publishers[i], _subscribers.Count + i);
    }

    /// <summary>Publications of which every subscriber has its copy to come.</summary>
    public long Expected { get; private set; }

    public long Received { get; private set; }

    public Histogram Latency { get; } = new();

    public Histogram SentLate { get; } = new();

    /// <summary>Publishes and receives for a time.</summary>
    public void Run(TimeSpan duration)
    {
        var interval = Stopwatch.Frequency / _scenario.Publications;
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var sent = 0L;
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= end) return;
            var next = start + (long)(sent * interval);
            while (next <= now)
            {
                Publish(next);
                next = start + (long)(++sent * interval);
            }

            Receive(Stopwatch.GetElapsedTime(now, Math.Min(next, end)), next);
        }
    }

    /// <summary>Receives what is still under way.</summary>
    public void Drain(TimeSpan patience)
    {
        var since = Stopwatch.GetTimestamp();
        while (Received < Expected && Stopwatch.GetElapsedTime(since) < patience) Receive(TimeSpan.FromMilliseconds(100), long.MaxValue);
    }

    public void Dispose()
    {
        foreach (var socket in _subscribers.Concat(_publishers)) socket.Dispose();
        _poller.Dispose();
    }

    private void Publish(long intended)
    {
        var channel = (int)(_published++ % _scenario.Channels);
        var request = _dialect.Publish(channel, intended);
        if (_publishers[channel % _publishers.Length].Send(request) != request.Length) throw new IOException("the server does not read its publications");
        Expected += (_subscribers.Count / _scenario.Channels) + (channel < _subscribers.Count % _scenario.Channels ? 1 : 0);
        SentLate.Add(Stopwatch.GetElapsedTime(intended).TotalMilliseconds);
    }

    /// <param name="timeout">How long to wait for the first.</param>
    /// <param name="until">When to stop reading, because a publication is due.</param>
    private void Receive(TimeSpan timeout, long until)
    {
        foreach (var index in _poller.Wait(timeout))
        {
            if (index < _subscribers.Count) Read(_subscribers[index]);
            else ReadAnswer(_publishers[index - _subscribers.Count]);
            if (Stopwatch.GetTimestamp() >= until) return;
        }
    }

    private void Read(Socket socket)
    {
        var length = socket.Receive(_buffer, SocketFlags.None, out var error);
        if (length <= 0) throw new IOException($"a subscriber was lost: {error}");
        var now = Stopwatch.GetTimestamp();
        var bytes = _buffer.AsSpan(0, length);
        // A ping of the Centrifuge protocol, by itself or before or behind others; or one of WebSocket's own.
        if (bytes.IndexOf("{}"u8) >= 0) socket.Send(Pong);
        else if (bytes[0] == 0x89) socket.Send(ControlPong);
        for (int at; (at = bytes.IndexOf("{\"sent\":\""u8)) >= 0; bytes = bytes[(at + Dialect.Mark.Length)..])
        {
            if (!Utf8Parser.TryParse(bytes[(at + Dialect.Mark.Length)..], out long sent, out var digits) || digits != 19) throw new IOException("a message was torn");
            Latency.Add(Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
            Received++;
        }
    }

    private void ReadAnswer(Socket socket)
    {
        var length = socket.Receive(_buffer, SocketFlags.None, out var error);
        if (length <= 0) throw new IOException($"a publisher was lost: {error}");
        if (_buffer.AsSpan(0, length).IndexOf("HTTP/1.1 2"u8) < 0 && _buffer.AsSpan(0, length).IndexOf("HTTP/1.1 "u8) >= 0)
            throw new IOException("a publication was refused: " + System.Text.Encoding.ASCII.GetString(_buffer, 0, length));
    }
}
