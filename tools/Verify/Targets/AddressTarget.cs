using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Millrace.Verify.Targets;

/// <summary>An installation that runs already. The checker sees what its users see, and breaks nothing.</summary>
internal sealed class AddressTarget : ITarget
{
    private readonly Dictionary<string, string> _keys;

    private AddressTarget(Uri url, Dictionary<string, string> keys)
    {
        Url = url;
        _keys = keys;
        Tenants = [.. keys.Keys];
        // Ids of a run before this one would be repetitions.
        StreamPrefix = $"verify-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}-";
    }

    /// <summary>Asks whose the keys are.</summary>
    public static async Task<AddressTarget> StartAsync(Uri url, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(30) };
        var tenants = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            using var answer = await http.SendAsync(request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            tenants[(string)JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!["tenant"]!] = key;
        }

        return new AddressTarget(url, tenants);
    }

    public string Name => Url.ToString();

    public Uri Url { get; }

    public IReadOnlyList<string> Tenants { get; }

    public string StreamPrefix { get; }

    public string Output => "";

    public string CredentialOf(string tenant) => _keys[tenant];

    public IAsyncEnumerable<string>? ObjectLines(string tenant, string stream) => null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
