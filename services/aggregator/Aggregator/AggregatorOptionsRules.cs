using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Aggregator.Engine;
using Millrace.Contracts.Events;

namespace Millrace.Aggregator;

/// <summary>Checks what annotations can't say about <see cref="AggregatorOptions"/>, and turns them into the engine's settings.</summary>
internal sealed class AggregatorOptionsRules : IValidateOptions<AggregatorOptions>
{
    private const int MaxGroupBy = 8;

    public ValidateOptionsResult Validate(string? name, AggregatorOptions options)
    {
        var errors = new List<string>();
        CheckSizes(options.WindowSizes, errors);
        foreach (var (stream, own) in options.Streams) CheckStream(stream, own, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>The settings that valid options stand for.</summary>
    public static EngineSettings SettingsOf(AggregatorOptions options) => new()
    {
        SizesMs = options.WindowSizes.Count == 0 ? [1_000] : [.. options.WindowSizes.Select(size => (long)size.TotalMilliseconds).Order()],
        OutOfOrdernessMs = (long)options.OutOfOrderness.TotalMilliseconds,
        IdleTimeoutMs = (long)options.IdleTimeout.TotalMilliseconds,
        AllowedLatenessMs = (long)options.AllowedLateness.TotalMilliseconds,
        ValueLimit = options.ValueLimit,
        GeoCellLimit = options.GeoCellLimit,
        RelativeError = options.RelativeError,
        SourcePrecision = options.SourcePrecision,
        DuplicateCapacity = options.DedupCapacity,
        DuplicateHorizon = options.DedupHorizon,
        DefaultStream = new StreamSettings { GeoPrecision = options.GeoPrecision, SeriesLimit = options.SeriesLimit },
        Streams = options.Streams.ToDictionary(stream => stream.Key, stream => SettingsOf(stream.Value, options)),
    };

    private static StreamSettings SettingsOf(StreamOptions own, AggregatorOptions options) => new()
    {
        GroupBy = [.. own.GroupBy.Select(Encoding.UTF8.GetBytes)],
        GeoPrecision = own.GeoPrecision ?? options.GeoPrecision,
        SeriesLimit = own.SeriesLimit ?? options.SeriesLimit,
    };

    private static void CheckSizes(IList<TimeSpan> sizes, List<string> errors)
    {
        if (sizes.Count == 0) return;
        if (sizes.Any(size => size < TimeSpan.FromSeconds(1) || size > TimeSpan.FromHours(1) || size.Ticks % TimeSpan.TicksPerSecond != 0))
        {
            errors.Add("WindowSizes must be whole seconds from 00:00:01 to 01:00:00.");
            return;
        }

        var (least, most) = (sizes.Min(), sizes.Max());
        if (sizes.Distinct().Count() != sizes.Count) errors.Add("WindowSizes must differ.");
        if (sizes.Any(size => size.Ticks % least.Ticks != 0 || most.Ticks % size.Ticks != 0))
            errors.Add($"WindowSizes must be multiples of the smallest ({least}) and divisors of the largest ({most}).");
    }

    private static void CheckStream(string stream, StreamOptions own, List<string> errors)
    {
        if (own.GroupBy.Count > MaxGroupBy) errors.Add($"Streams:{stream}:GroupBy may name at most {MaxGroupBy} dimensions.");
        if (own.GroupBy.Any(name => name.Length is 0 or > EventLimits.FieldNameLength))
            errors.Add($"Streams:{stream}:GroupBy must be names of 1 to {EventLimits.FieldNameLength} characters.");
        if (own.GroupBy.Distinct(StringComparer.Ordinal).Count() != own.GroupBy.Count) errors.Add($"Streams:{stream}:GroupBy must not repeat a name.");
        if (own.GeoPrecision is < 1 or > Geohash.MaxPrecision) errors.Add($"Streams:{stream}:GeoPrecision must be between 1 and {Geohash.MaxPrecision}.");
        if (own.SeriesLimit is < 1 or > 1_000_000) errors.Add($"Streams:{stream}:SeriesLimit must be between 1 and 1000000.");
    }
}
