using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.EmbeddedClickHouse;

/// <summary>
/// Keeps the ClickHouse child running: starts it, starts it again with growing pauses when it dies, stops it with the host. The child holds the other end of
/// its standard input, so it ends by itself when this process does, however that happens.
/// </summary>
internal sealed class ClickHouseSupervisor(
    IOptions<EmbeddedClickHouseOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<ClickHouseSupervisor> logger) : BackgroundService
{
    private const string User = "millrace";
    private const string ReadyPrefix = "ready port=";
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _stable = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _stopPatience = TimeSpan.FromSeconds(8);

    // A new one for each start of the host: nothing outlives the pair of processes that share it.
    private readonly string _secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
    private readonly Lock _gate = new();
    private TaskCompletionSource<ClickHouseServer> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _port = options.Value.Port;
    private bool _hasRun;
    private string _lastWords = "";

    /// <summary>Where the child answers; waits while it is starting.</summary>
    public async ValueTask<ClickHouseServer> LocateAsync(CancellationToken cancellationToken)
    {
        Task<ClickHouseServer> ready;
        lock (_gate) ready = _ready.Task;
        return await ready.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = _firstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                await RunChildAsync(stoppingToken);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                _lastWords = e.Message;
                Log.CannotStart(logger, e.Message);
            }

            if (!_hasRun && !stoppingToken.IsCancellationRequested)
            {
                GiveUp();
                return;
            }

            Forget();
            if (stoppingToken.IsCancellationRequested) return;
            if (time.GetElapsedTime(started) > _stable) pause = _firstPause;
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, _longestPause.Ticks));
        }
    }

    private async Task RunChildAsync(CancellationToken stoppingToken)
    {
        using var child = Process.Start(ChildProgram.Describe(options.Value, _port, _secret)) ?? throw new InvalidOperationException("no process was started");
        if (options.Value.StandsBack) StandBack(child);
        var output = ReadOutputAsync(child);
        var errors = ReadErrorsAsync(child);
        try
        {
            await child.WaitForExitAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            await StopAsync(child);
            return;
        }
        finally
        {
            await Task.WhenAll(output, errors);
        }

        Log.Ended(logger, child.Id, child.ExitCode);
    }

    // At once: each thread has the priority of the one that starts it.
    private static void StandBack(Process child)
    {
        try
        {
            child.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            // It has ended, or we have so low a priority ourselves that this one would be a higher, which only root may give.
        }
    }

    private async Task ReadOutputAsync(Process child)
    {
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(ReadyPrefix, StringComparison.Ordinal) || !int.TryParse(line.AsSpan(ReadyPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                Log.Said(logger, line);
                continue;
            }

            // A restarted child comes back where its users look for it.
            _port = port;
            _hasRun = true;
            var url = new UriBuilder(Uri.UriSchemeHttp, options.Value.Listen is "0.0.0.0" or "::" ? "127.0.0.1" : options.Value.Listen, port).Uri;
            Log.Ready(logger, child.Id, url);
            lock (_gate) _ready.TrySetResult(new ClickHouseServer(url, User, _secret));
        }
    }

    private async Task ReadErrorsAsync(Process child)
    {
        while (await child.StandardError.ReadLineAsync() is { } line)
        {
            _lastWords = line;
            Log.Said(logger, line);
        }
    }

    // What fails at the very first start (a port or directory in use, a library that is missing) does not get better by itself.
    private void GiveUp()
    {
        Console.Error.WriteLine($"millrace: the embedded ClickHouse can't start: {_lastWords}");
        Environment.ExitCode = HostRunner.CannotStart;
        lifetime.StopApplication();
    }

    private async Task StopAsync(Process child)
    {
        if (!LibC.Terminate(child.Id)) Log.AlreadyGone(logger, child.Id);
        try
        {
            await child.WaitForExitAsync(CancellationToken.None).WaitAsync(_stopPatience, time);
        }
        catch (TimeoutException)
        {
            Log.Killed(logger, child.Id, _stopPatience.TotalSeconds);
            child.Kill(entireProcessTree: true);
        }
    }

    private void Forget()
    {
        lock (_gate)
        {
            if (_ready.Task.IsCompleted) _ready = new TaskCompletionSource<ClickHouseServer>(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
