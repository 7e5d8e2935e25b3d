using System.Diagnostics;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>The gateway as it is deployed, on the embedded log and database; publications are durable before they go out, and each channel keeps a hundred.</summary>
internal sealed class GatewayServer(string program) : ServerProcess
{
    public const string Tenant = "bench";
    public const string Namespace = "feed";
    public const string ApiKey = "api-key-of-the-fan-out-benchmark";
    public const string SigningKey = "signing-key-of-the-fan-out-benchmark";

    private readonly HttpClient _http = new();

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await base.DisposeAsync();
    }

    protected override ProcessStartInfo Command()
    {
        var start = new ProcessStartInfo("dotnet", [program]);
        foreach (var (name, value) in new (string, string)[]
        {
            ("Http__Port", $"{Port}"), ("Adapters__EventLog", "fasterlog"), ("Adapters__Metadata", "sqlite"),
            ("EventLog__Directory", Path.Combine(Folder, "log")), ("Metadata__File", Path.Combine(Folder, "metadata.db")),
            ("Auth__SigningKey", SigningKey), ("Bootstrap__Tenant", Tenant), ("Bootstrap__ApiKey", ApiKey),
            ($"Gateway__Namespaces__{Namespace}__HistorySize", "100"), ($"Gateway__Namespaces__{Namespace}__Recovery", "true"),
        })
        {
            start.Environment["Millrace__" + name] = value;
        }

        start.Environment["Logging__LogLevel__Default"] = "Warning";
        return start;
    }

    protected override async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _http.GetAsync(new Uri($"http://127.0.0.1:{Port}/health/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It does not listen yet.
        }
    }
}
