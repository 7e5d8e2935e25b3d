using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Http;

namespace Millrace.Alerting.Notifications;

/// <summary>
/// What a notification says, in the form of Alertmanager's webhook, version 4, so that its receivers understand it. Fields of ours that it does not
/// have: <c>id</c>, <c>state</c>, <c>value</c>, <c>threshold</c>, <c>reason</c>, <c>summary</c> and <c>revision</c> of an alert.
/// </summary>
internal sealed record NotificationMessage
{
    [JsonPropertyName("version")]
    public string Version { get; init; } = "4";

    [JsonPropertyName("groupKey")]
    public required string GroupKey { get; init; }

    [JsonPropertyName("truncatedAlerts")]
    public int TruncatedAlerts { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("receiver")]
    public required string Receiver { get; init; }

    [JsonPropertyName("groupLabels")]
    public required IReadOnlyDictionary<string, string> GroupLabels { get; init; }

    [JsonPropertyName("commonLabels")]
    public required IReadOnlyDictionary<string, string> CommonLabels { get; init; }

    [JsonPropertyName("commonAnnotations")]
    public required IReadOnlyDictionary<string, string> CommonAnnotations { get; init; }

    [JsonPropertyName("externalURL")]
    public required string ExternalUrl { get; init; }

    [JsonPropertyName("alerts")]
    public required IReadOnlyList<NotifiedAlert> Alerts { get; init; }

    /// <summary>The message about one alert, as JSON.</summary>
    public static string Create(AlertRow alert, string notificationEvent, string receiver, Uri? externalUrl)
    {
        var labels = alert.LabelMap;
        var annotations = alert.AnnotationMap;
        annotations.TryAdd("summary", alert.Summary);
        var root = externalUrl?.ToString().TrimEnd('/') ?? "";
        var message = new NotificationMessage
        {
            GroupKey = $"{{}}:{{alertname=\"{alert.RuleName}\"}}",
            Status = notificationEvent,
            Receiver = receiver,
            GroupLabels = new Dictionary<string, string> { ["alertname"] = alert.RuleName },
            CommonLabels = labels,
            CommonAnnotations = annotations,
            ExternalUrl = root,
            Alerts =
            [
                new NotifiedAlert
                {
                    Status = notificationEvent,
                    Labels = labels,
                    Annotations = annotations,
                    StartsAt = Instant.Format(alert.StartedAt),
                    EndsAt = alert.ResolvedAt is { } resolved ? Instant.Format(resolved) : "0001-01-01T00:00:00Z",
                    GeneratorUrl = $"{root}/api/v1/rules/{alert.RuleId}",
                    Fingerprint = Fingerprint(labels),
                    Id = alert.Id,
                    State = AlertStates.Name(alert.AlertState),
                    Value = alert.Value,
                    Threshold = alert.Threshold,
                    Reason = alert.Reason,
                    Summary = alert.Summary,
                    Revision = alert.Revision,
                },
            ],
        };
        return JsonSerializer.Serialize(message, AlertingJson.Plain.NotificationMessage);
    }

    /// <summary>The same for the same labels: 64 bits in hexadecimal, as Alertmanager's.</summary>
    private static string Fingerprint(SortedDictionary<string, string> labels)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in labels) text.Append(name).Append('\u001f').Append(value).Append('\u001f');
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return BitConverter.ToUInt64(hash).ToString("x16", CultureInfo.InvariantCulture);
    }
}

/// <summary>One alert of a message.</summary>
internal sealed record NotifiedAlert
{
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("labels")]
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    [JsonPropertyName("annotations")]
    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    [JsonPropertyName("startsAt")]
    public required string StartsAt { get; init; }

    [JsonPropertyName("endsAt")]
    public required string EndsAt { get; init; }

    [JsonPropertyName("generatorURL")]
    public required string GeneratorUrl { get; init; }

    [JsonPropertyName("fingerprint")]
    public required string Fingerprint { get; init; }

    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("state")]
    public required string State { get; init; }

    [JsonPropertyName("value")]
    public double? Value { get; init; }

    [JsonPropertyName("threshold")]
    public double? Threshold { get; init; }

    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    [JsonPropertyName("summary")]
    public required string Summary { get; init; }

    [JsonPropertyName("revision")]
    public required long Revision { get; init; }
}
