using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Load;

/// <summary>
/// Rules whose threshold lies in the middle of what comes, so that alerts fire and resolve all the time and alerting has something to write when it is broken
/// off: one for each stream, so that whichever instance has a partition has work. Of one stream's a receiver is told.
/// </summary>
internal sealed class AlertRule(IOwnTarget target, int rate) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = target.Url };

    /// <summary>The stream of whose alerts a receiver is told.</summary>
    public static string ToldOf(ITarget target) => LoadPlan.StreamNames(target.StreamPrefix)[0];

    /// <summary>Makes a receiver for each tenant, and a rule for each of its streams.</summary>
    /// <param name="receiver">Where webhooks go.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">Alerting does not take them.</exception>
    public async Task CreateAsync(string receiver, CancellationToken cancellationToken)
    {
        var threshold = Math.Max(1, rate / (target.Tenants.Count * LoadPlan.Streams * LoadPlan.Types)).ToString(CultureInfo.InvariantCulture);
        foreach (var tenant in target.Tenants)
        {
            var made = await PostAsync(tenant, "/api/v1/receivers", $$"""{"name":"verify","kind":"webhook","url":"{{receiver}}"}""", cancellationToken);
            foreach (var stream in LoadPlan.StreamNames(target.StreamPrefix))
            {
                var receivers = stream == ToldOf(target) ? $"\"{(string)made["id"]!}\"" : "";
                await PostAsync(
                    tenant,
                    "/api/v1/rules",
                    $$$"""{"name":"{{{stream}}}","kind":"threshold","stream":"{{{stream}}}","type":"sale","severity":"info","condition":{"value":"count","op":">","threshold":{{{threshold}}}},"receivers":[{{{receivers}}}]}""",
                    cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<JsonNode> PostAsync(string tenant, string path, string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", target.CredentialOf(tenant));
        using var answer = await _http.SendAsync(request, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new HttpRequestException($"{path} was not taken: {text}", null, answer.StatusCode);
    }
}
