using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.RealtimeFanout.Load;

/// <summary>What one run showed.</summary>
internal sealed record LoadResult
{
    /// <summary>Deliveries a second while it was measured.</summary>
    public required double DeliveriesPerSecond { get; init; }

    /// <summary>Processor seconds of the server, user and system, for each million of them.</summary>
    public required double CpuPerMillion { get; init; }

    /// <summary>Processors that the load used.</summary>
    public required double LoadCores { get; init; }

    /// <summary>Milliseconds from the intended time of a publication to its receipt.</summary>
    public required double P50 { get; init; }

    public required double P95 { get; init; }

    public required double P99 { get; init; }

    /// <summary>Milliseconds that publications left late, at the 95th percentile: the load's own part in the latency.</summary>
    public required double SentLateP95 { get; init; }

    /// <summary>Memory of the server for each connection, in KB (of 1,000 bytes): all of it with the connections, less what it took before, over their number.</summary>
    public required double KilobytesPerConnection { get; init; }

    /// <summary>Processor milliseconds of the server to open one connection.</summary>
    public required double CpuPerConnection { get; init; }

    /// <summary>Messages that were published and did not arrive.</summary>
    public required long Missing { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, LoadJson.Default.LoadResult);

    public static LoadResult Parse(string json) => JsonSerializer.Deserialize(json, LoadJson.Default.LoadResult)!;
}

/// <summary>How results are written.</summary>
[JsonSerializable(typeof(LoadResult))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class LoadJson : JsonSerializerContext;
