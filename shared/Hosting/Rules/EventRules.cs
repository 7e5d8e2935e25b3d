using System.Text.Json.Serialization;
using Millrace.Contracts.Events;

namespace Millrace.Hosting.Rules;

/// <summary>
/// The rules by which an event is late, or a duplicate. Aggregator and archiver judge each event on their own and must come to the same, so there is one
/// set of settings, the aggregator's: it publishes them, and the archiver judges by what was published.
/// </summary>
/// <param name="Lateness">When an event is late.</param>
/// <param name="DedupHorizonMs">Log time, in milliseconds, within which a repeated id is a duplicate.</param>
/// <param name="DedupCapacity">Records of a partition within which a repeated id is a duplicate.</param>
public sealed record EventRules(LatenessRules Lateness, long DedupHorizonMs, int DedupCapacity)
{
    /// <summary>What an aggregator without settings has.</summary>
    public static EventRules Default { get; } = new(
        new LatenessRules(PaneMs: 1_000, OutOfOrdernessMs: 500, IdleTimeoutMs: 2_000, AllowedLatenessMs: 10_000),
        (long)DuplicateFilter.DefaultHorizon.TotalMilliseconds,
        DuplicateFilter.DefaultCapacity);

    /// <summary><see cref="DedupHorizonMs"/> as a time span.</summary>
    [JsonIgnore]
    public TimeSpan DedupHorizon => TimeSpan.FromMilliseconds(DedupHorizonMs);
}

/// <summary>JSON of the rules, as they stand in the metadata database.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EventRules))]
internal sealed partial class EventRulesJson : JsonSerializerContext;
