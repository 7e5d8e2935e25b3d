using System.Net;
using System.Net.Sockets;
using Millrace.Servers;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>The tests' own servers find ports, also when somebody else takes one first.</summary>
public sealed class FreePortTests
{
    [Fact]
    public void Ports_given_out_differ_and_can_be_listened_on()
    {
        var ports = Enumerable.Range(0, 200).Select(_ => FreePort.Next()).ToList();

        Assert.Distinct(ports);
        foreach (var port in ports.Take(20))
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
    }

    [Fact]
    public async Task Server_whose_port_was_taken_is_made_again_on_another()
    {
        var made = new List<Listening>();
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var taken = ((IPEndPoint)stranger.LocalEndpoint).Port;

        await using var server = await FreePort.StartAsync(
            () =>
            {
                made.Add(new Listening(made.Count == 0 ? taken : FreePort.Next()));
                return made[^1];
            },
            server => server.StartAsync());

        Assert.Equal(2, made.Count);
        Assert.Equal([true, false], made.Select(one => one.IsDisposed));
        Assert.NotEqual(taken, server.Port);
    }

    [Fact]
    public async Task Server_that_fails_for_another_reason_is_not_made_again()
    {
        var made = 0;

        await Assert.ThrowsAsync<InvalidOperationException>(() => FreePort.StartAsync(
            () =>
            {
                made++;
                return new Listening(0);
            },
            _ => throw new InvalidOperationException("no such directory")));

        Assert.Equal(1, made);
    }

    private sealed class Listening(int port) : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, port);

        public int Port => port;

        public bool IsDisposed { get; private set; }

        public Task StartAsync()
        {
            _listener.Start();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            _listener.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
