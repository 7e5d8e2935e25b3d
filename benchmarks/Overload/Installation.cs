using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.Benchmarks.Overload;

/// <summary>A standalone Millrace as a process of its own, on free ports, with its data in a temporary directory.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const string SigningKey = "signing-key-of-the-overload-benchmark";
    private readonly string _directory = Directory.CreateTempSubdirectory("millrace-overload-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private Process _process = null!;

    public Uri Url { get; private set; } = null!;

    public static async Task<Installation> StartAsync(string program, Processors processors)
    {
        var installation = new Installation();
        var port = FreePort();
        installation.Url = new Uri($"http://127.0.0.1:{port}");
        var start = processors.Millrace(["dotnet", program, "--port", $"{port}", "--clickhouse-port", "0", "--data", installation._directory]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["Millrace__Auth__SigningKey"] = SigningKey;
        installation._process = Process.Start(start)!;
        // Read to nowhere: a full pipe would stop it.
        installation._process.OutputDataReceived += (_, _) => { };
        installation._process.ErrorDataReceived += (_, _) => { };
        installation._process.BeginOutputReadLine();
        installation._process.BeginErrorReadLine();
        var since = Stopwatch.StartNew();
        while (!await installation.IsReadyAsync())
        {
            if (installation._process.HasExited || since.Elapsed > TimeSpan.FromMinutes(2)) throw new InvalidOperationException("Millrace did not start.");
            await Task.Delay(100);
        }

        return installation;
    }

    /// <summary>A token of a tenant that may send and read, or of an operator.</summary>
    public static string Token(string tenant, bool isOperator = false)
    {
        var expires = TimeProvider.System.GetUtcNow().AddHours(6).ToUnixTimeSeconds();
        var roles = isOperator ? "[\"operator\"]" : "[]";
        var head = Encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"u8);
        var body = Encode(Encoding.UTF8.GetBytes($"{{\"sub\":\"bench\",\"tenant\":\"{tenant}\",\"scope\":\"ingest read\",\"roles\":{roles},\"exp\":{expires}}}"));
        var signature = Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SigningKey), Encoding.ASCII.GetBytes($"{head}.{body}")));
        return $"{head}.{body}.{signature}";
    }

    public async Task<JsonNode> GetAsync(string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Url, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http.SendAsync(request);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    /// <summary>Rows of a tenant in ClickHouse.</summary>
    public async Task<long> RowsAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/api/v1/query"))
        {
            Content = new StringContent("{\"sql\":\"SELECT count() FROM events\"}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http.SendAsync(request);
        var cell = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]![0]![0]!;
        return long.Parse(cell.ToString(), CultureInfo.InvariantCulture);
    }

    /// <summary>One metric, summed over its labels.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await _http.GetStringAsync(new Uri(Url, "/metrics"));
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal) && (line.Length <= name.Length || line[name.Length] is ' ' or '{'))
            .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Resident memory of the program and of its ClickHouse child, in MiB.</summary>
    public (long Program, long ClickHouse) Memory() => (Resident(_process.Id), Children(_process.Id).Sum(Resident));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        // Its child goes with it.
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Processor time that the program and its ClickHouse child have used.</summary>
    public (TimeSpan Program, TimeSpan ClickHouse) CpuTime() =>
        (TimeOf(_process.Id), Children(_process.Id).Aggregate(TimeSpan.Zero, (sum, child) => sum + TimeOf(child)));

    private static TimeSpan TimeOf(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.TotalProcessorTime;
    }

    private static long Resident(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(one => one.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static IEnumerable<int> Children(int process) => Directory.EnumerateDirectories($"/proc/{process}/task")
        .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Distinct();

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(Url, "/health/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It does not listen yet.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
