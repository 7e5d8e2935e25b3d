using System.Diagnostics;

namespace Millrace.Servers;

/// <summary>A program that runs until it is stopped; killed at the latest with the tests. Keeps the end of what it wrote.</summary>
public sealed class ServerProcess : IDisposable
{
    private const int KeptLines = 200;
    // Far beyond what any takes: RabbitMQ and Ceph need 10 s, on a machine that others load minutes.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly List<(Func<string, bool> IsIt, TaskCompletionSource Seen)> _awaited = [];
    private readonly string _name;

    private ServerProcess(ProcessStartInfo start)
    {
        _name = start.FileName;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        AppDomain.CurrentDomain.ProcessExit += KillAtExit;
    }

    /// <summary>Starts a program.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables beside the tests' own.</param>
    public static ServerProcess Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment = null)
    {
        var server = new ServerProcess(Commands.Describe(command, environment));
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>What it ended with: 137 after <c>kill -9</c>. Only once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines that it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Waits until it has written a line, or had before.</summary>
    /// <exception cref="InvalidOperationException">It ended before, or did not write one within three minutes.</exception>
    public async Task WaitForLineAsync(Func<string, bool> isIt, CancellationToken cancellationToken)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Any(isIt)) return;
            _awaited.Add((isIt, seen));
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Deadline);
        var ended = _process.WaitForExitAsync(limit.Token);
        if (await Task.WhenAny(seen.Task, ended) == seen.Task) return;
        cancellationToken.ThrowIfCancellationRequested();
        throw new InvalidOperationException($"{_name} {(HasExited ? "ended" : "is not ready")}:\n{Output}");
    }

    /// <summary>Waits until it has ended; after three minutes kills it.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Deadline);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>kill -9 of it and of everything that it started.</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillAtExit;
        Kill();
        _process.Dispose();
    }

    private void KillAtExit(object? sender, EventArgs args) => Kill();

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
            foreach (var (isIt, seen) in _awaited)
            {
                if (isIt(line)) seen.TrySetResult();
            }
        }
    }
}
