using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Testing;
using Xunit;

namespace Millrace.Installations;

/// <summary>A standalone Millrace in a process of its own, on free ports.</summary>
internal sealed partial class Installation : IMillrace, IAsyncDisposable
{
    public const string Tenant = "acme";
    public const string ApiKey = "mk_test_0123456789abcdef0123456789abcdef";
    public const string SigningKey = "a signing key for tests, at least 32 bytes";
    private static readonly TimeSpan _startLimit = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly List<string> _output = [];

    private Installation(Process process, string data)
    {
        _process = process;
        Data = data;
    }

    public string Data { get; }

    public Uri Url { get; private set; } = null!;

    public Uri ClickHouse { get; private set; } = null!;

    public int ProcessId => _process.Id;

    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    /// <summary>Starts on a data directory and waits until it is ready.</summary>
    public static async Task<Installation> StartAsync(string data, IReadOnlyDictionary<string, string>? settings = null, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Standalone, "--port", "0", "--clickhouse-port", "0", "--data", data, .. more])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Millrace__Bootstrap__Tenant"] = Tenant;
        start.Environment["Millrace__Bootstrap__ApiKey"] = ApiKey;
        start.Environment["Millrace__Auth__SigningKey"] = SigningKey;
        foreach (var (name, value) in settings ?? new Dictionary<string, string>()) start.Environment[name] = value;

        var millrace = new Installation(Process.Start(start)!, data);
        millrace._process.OutputDataReceived += (_, line) => millrace.Note(line.Data);
        millrace._process.ErrorDataReceived += (_, line) => millrace.Note(line.Data);
        millrace._process.BeginOutputReadLine();
        millrace._process.BeginErrorReadLine();
        try
        {
            await millrace.UntilReadyAsync();
            return millrace;
        }
        catch
        {
            await millrace.DisposeAsync();
            throw;
        }
    }

    public IAsyncEnumerable<string> ObjectLinesAsync(string tenant, string stream) => ObjectLines.OfDirectoryAsync(Path.Combine(Data, "objects"), tenant, stream);

    public MillraceClient Client(string? credential = null) => new(this, credential ?? ApiKey);

    /// <summary>SQL as the administrator of the embedded ClickHouse, whom nothing keeps from damaging its tables.</summary>
    public async Task<string> AdministratorSqlAsync(string sql)
    {
        // Its password is made anew at each start and stands nowhere but in the child's environment.
        var secret = Processes.ChildrenOf(_process.Id).Select(child => Processes.VariableOf(child, "MILLRACE_CLICKHOUSE_SECRET")).First(found => found is not null);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        using var request = new HttpRequestMessage(HttpMethod.Post, ClickHouse) { Content = new StringContent(sql) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"millrace:{secret}")));
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? text.Trim() : throw new HttpRequestException(text, null, answer.StatusCode);
    }

    /// <summary>SIGKILL for the process and its children, as a power cut would.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as Ctrl-C or an orchestrator would.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private async Task UntilReadyAsync()
    {
        await Eventually.TrueAsync(() => _process.HasExited || Addresses().Success, _startLimit, "addresses on standard output");
        Assert.False(_process.HasExited, $"Millrace ended with {(_process.HasExited ? _process.ExitCode : 0)}:\n{Output}");
        var addresses = Addresses();
        Url = new Uri(addresses.Groups["url"].Value);
        ClickHouse = new Uri(addresses.Groups["clickhouse"].Value);
        using var http = new HttpClient();
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await http.GetAsync(new Uri(Url, "/health/ready"));
                return answer.IsSuccessStatusCode;
            },
            _startLimit,
            "/health/ready");
    }

    private Match Addresses() => ReadyLine().Match(Output);

    private void Note(string? line)
    {
        if (line is null) return;
        lock (_output) _output.Add(line);
    }

    // What the newcomer sees: "  dashboard   http://…", "  clickhouse  http://…".
    [GeneratedRegex(@"dashboard\s+(?<url>http://[^\s/]+)[\s\S]*clickhouse\s+(?<clickhouse>http://\S+)", RegexOptions.IgnoreCase)]
    private static partial Regex ReadyLine();
}
