using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Millrace.Cli.Services;

/// <summary>One service as a process: started, started again when it ends, stopped.</summary>
internal sealed partial class ServiceProcess(ServiceProgram service, int port, ServicesSettings settings, IReadOnlyDictionary<string, string> environment)
{
    private const int Terminate = 15;

    // What a host answers that cannot start for a reason that only its operator can change.
    private const int CannotStart = 2;
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(40);

    /// <summary>Its name.</summary>
    public string Name => service.Name;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; } = new($"http://127.0.0.1:{port}/");

    /// <summary>Whether it has been ready once.</summary>
    public bool WasReady { get; set; }

    /// <summary>Whether it ended with 0 when it was stopped, or was not running then.</summary>
    public bool StoppedCleanly { get; private set; } = true;

    /// <summary>Runs it until the token is cancelled.</summary>
    /// <exception cref="UsageException">It can't start: it has said why.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = _firstPause;
        while (true)
        {
            var started = Stopwatch.GetTimestamp();
            var code = await RunOnceAsync(cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                if (code != 0) Say($"stopped with {code}");
                StoppedCleanly = code == 0;
                return;
            }

            if (code == CannotStart && !WasReady) throw new UsageException($"the {Name} service cannot start, see above");
            pause = Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(1) ? _firstPause : pause;
            Say($"ended with {code}, starts again in {pause.TotalSeconds:0} s");
            await Task.Delay(pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested) return;
            pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
        }
    }

    private async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var directory = Path.Combine(settings.Programs, service.Program, "release");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(directory, service.Program + ".dll"), $"--Millrace:Http:Port={port}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Pass(line.Data);
        process.ErrorDataReceived += (_, line) => Pass(line.Data);
        process.Start();
        Say($"process {process.Id}, {Address}");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var stop = cancellationToken.Register(() => Stop(process));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private void Stop(Process process)
    {
        if (Kill(process.Id, Terminate) != 0) return;
        _ = KillLaterAsync(process.Id);
    }

    // A stop is bounded by the service itself; this is for the one that hangs.
    private async Task KillLaterAsync(int id)
    {
        await Task.Delay(_stopLimit);
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill(entireProcessTree: true);
            Say($"did not stop within {_stopLimit.TotalSeconds:0} s and was killed");
        }
        catch (ArgumentException)
        {
            // It has ended, as it should.
        }
    }

    private void Pass(string? line)
    {
        if (line is not null) Console.WriteLine($"{Name,-10} | {line}");
    }

    private void Say(string what) => Console.WriteLine($"{Name,-10} · {what}");

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
