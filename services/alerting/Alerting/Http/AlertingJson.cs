using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Notifications;
using Millrace.Alerting.Replays;
using Millrace.Alerting.Rules;

namespace Millrace.Alerting.Http;

/// <summary>The JSON of this service.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
[JsonSerializable(typeof(List<KeyValuePair<string, string>>))]
[JsonSerializable(typeof(RuleDocument))]
[JsonSerializable(typeof(Page<RuleDocument>))]
[JsonSerializable(typeof(AlertDocument))]
[JsonSerializable(typeof(Page<AlertDocument>))]
[JsonSerializable(typeof(DeliveryDocument))]
[JsonSerializable(typeof(Page<DeliveryDocument>))]
[JsonSerializable(typeof(NotificationMessage))]
[JsonSerializable(typeof(RuleReplayDocument))]
internal sealed partial class AlertingJson : JsonSerializerContext
{
    /// <summary>The one to use: what need not be escaped in JSON is not, so that people can read <c>&gt;=</c>. It is never put into a page.</summary>
    public static AlertingJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

/// <summary>A page of a list.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; <see langword="null"/> on the last one.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
