using System.Net;
using System.Text.Json.Nodes;

namespace Millrace.Standalone.Demo;

/// <summary>The demo's two rules, made through the API like anyone's.</summary>
internal static class DemoRules
{
    private static readonly object[] Rules =
    [
        new
        {
            name = "Payments are slow",
            kind = "threshold",
            stream = DemoShop.Shop,
            type = "checkout",
            severity = "critical",
            @for = "3s",
            condition = new { value = "latency_ms.p95", op = ">", threshold = 1_200, recovery_threshold = 900 },
            labels = new { team = "payments" },
            annotations = new { summary = "95 % of the checkouts should be done within 1.2 s" },
        },
        new
        {
            name = "Sensors are silent",
            kind = "absence",
            stream = DemoShop.Sensors,
            type = "climate",
            severity = "warning",
            condition = new { @for = "20s" },
            labels = new { team = "warehouse" },
        },
    ];

    /// <summary>Makes the rules that are not there yet.</summary>
    public static async Task EnsureAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var rules = new Uri("/api/v1/rules", UriKind.Relative);
        var known = await client.GetFromJsonAsync<JsonNode>(rules, cancellationToken);
        var names = known!["items"]!.AsArray().Select(rule => (string)rule!["name"]!).ToHashSet();
        foreach (var rule in Rules)
        {
            if (names.Contains((string)System.Text.Json.JsonSerializer.SerializeToNode(rule)!["name"]!)) continue;
            using var answer = await client.PostAsJsonAsync(rules, rule, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.Created) throw new HttpRequestException($"The demo's rule was refused: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }
}
