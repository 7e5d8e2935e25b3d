using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Load;

/// <summary>
/// Rules whose threshold lies in the middle of what comes, so that alerts fire and resolve all the time and alerting has something to write when it is broken
/// off: one for each stream, so that whichever instance has a partition has work. Nobody is notified.
/// </summary>
internal static class AlertRule
{
    /// <summary>Makes one for each tenant's stream.</summary>
    /// <param name="target">An installation of the checker's own.</param>
    /// <param name="rate">Events a second, of all tenants, streams and types.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HttpRequestException">Alerting takes no rule.</exception>
    public static async Task CreateAsync(IOwnTarget target, int rate, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = target.Url };
        var threshold = Math.Max(1, rate / (target.Tenants.Count * LoadPlan.Streams * LoadPlan.Types)).ToString(CultureInfo.InvariantCulture);
        foreach (var (tenant, stream) in target.Tenants.SelectMany(tenant => LoadPlan.StreamNames(target.StreamPrefix).Select(stream => (tenant, stream))))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/rules");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", target.CredentialOf(tenant));
            request.Content = new StringContent(
                $$$"""{"name":"{{{stream}}}","kind":"threshold","stream":"{{{stream}}}","type":"sale","severity":"info","for":"1s","condition":{"value":"count","op":">","threshold":{{{threshold}}}}}""",
                Encoding.UTF8,
                "application/json");
            using var answer = await http.SendAsync(request, cancellationToken);
            if (!answer.IsSuccessStatusCode)
                throw new HttpRequestException($"the rule was not taken: {await answer.Content.ReadAsStringAsync(cancellationToken)}", null, answer.StatusCode);
        }
    }
}
