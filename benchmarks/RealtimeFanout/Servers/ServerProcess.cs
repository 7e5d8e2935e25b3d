using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>A server under test as a process of its own on the first processor, with a free port and a directory that goes with it.</summary>
internal abstract class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private Process? _process;

    protected ServerProcess() => Port = FreePort();

    public int Port { get; }

    public int Pid => _process!.Id;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("millrace-fanout-").FullName;

    /// <summary>Makes a server by its name; <see langword="null"/> for one that this machine has not.</summary>
    public static ServerProcess? Create(string name, Settings settings) => name switch
    {
        "millrace" => new GatewayServer(settings.Gateway),
        "nchan" => NchanServer.IsInstalled ? new NchanServer() : null,
        "floor" => new FloorServer(),
        _ => throw new ArgumentException($"There is no server {name}.", nameof(name)),
    };

    /// <summary>Starts it and waits until it serves.</summary>
    public async Task StartAsync()
    {
        var start = Command();
        start.ArgumentList.Insert(0, start.FileName);
        start.ArgumentList.Insert(0, "0");
        start.ArgumentList.Insert(0, "-c");
        start.FileName = "taskset";
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, Folder);
        _process = Process.Start(start)!;
        var said = new System.Text.StringBuilder();
        DataReceivedEventHandler hear = (_, line) => said.AppendLine(line.Data);
        _process.OutputDataReceived += hear;
        _process.ErrorDataReceived += hear;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var since = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (_process.HasExited || since.Elapsed > Patience) throw new InvalidOperationException($"{start.ArgumentList[2]} did not start: {said}");
            await Task.Delay(50);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }

    protected abstract ProcessStartInfo Command();

    protected virtual async Task<bool> IsReadyAsync()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false; // It does not listen yet.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
