using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Millrace.ClickHouse.Embedded.Tests.Support;

/// <summary>The program under test, started as the supervisor starts it: a pipe as its standard input.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const string Secret = "a secret of the tests, long enough";
    private readonly StringBuilder _errors = new();
    private readonly Process _process;

    private ServerProcess(Process process) => _process = process;

    public static string Program => Path.Combine(AppContext.BaseDirectory, "clickhouse-embedded.dll");

    public int Id => _process.Id;

    public int Port { get; private set; }

    public Uri Endpoint => new($"http://127.0.0.1:{Port}/");

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it wrote to standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string data, params string[] more)
    {
        var server = Launch(["--data", data, "--port", "0", "--library", EngineLibrary.RequireOrSkip(), .. more]);
        try
        {
            var line = await server._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            if (line?.StartsWith("ready port=", StringComparison.Ordinal) != true) throw new InvalidOperationException($"Not ready but '{line}': {server.Errors}");
            server.Port = int.Parse(line["ready port=".Length..], CultureInfo.InvariantCulture);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it with any arguments.</summary>
    public static ServerProcess Launch(IEnumerable<string> arguments, string? secret = Secret)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove(CommandLine.SecretVariable);
        if (secret is not null) start.Environment[CommandLine.SecretVariable] = secret;
        var server = new ServerProcess(Process.Start(start)!);
        server._process.ErrorDataReceived += (_, line) =>
        {
            lock (server._errors) server._errors.AppendLine(line.Data);
        };
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>A client with the rights of Millrace itself.</summary>
    public ClickHouseHttp Administrator() => new(Endpoint, "millrace", Secret);

    /// <summary>A client with a tenant's rights.</summary>
    public ClickHouseHttp Tenant(string tenant) => new(Endpoint, tenant, ClickHouseHttp.PasswordOf(tenant));

    public async Task<int> WaitForExitAsync(TimeSpan? deadline = null)
    {
        await _process.WaitForExitAsync().WaitAsync(deadline ?? TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM.</summary>
    public async Task<int> TerminateAsync()
    {
        using (var kill = Process.Start("kill", [Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        return await WaitForExitAsync();
    }

    /// <summary>Closes its standard input, as the death of its parent does.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    public long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }
}
