using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Verify.Observe;

/// <summary>Which window.</summary>
/// <param name="Type">Type of its events.</param>
/// <param name="StartMs">Its start.</param>
/// <param name="EndMs">Its end.</param>
internal readonly record struct WindowKey(string Type, long StartMs, long EndMs);

/// <summary>A window as it was found in some place.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Revision">Grows with each event in it.</param>
/// <param name="Final">Whether it is final.</param>
/// <param name="Count">Events in it.</param>
/// <param name="NumberSum">Sum of the events' numbers.</param>
/// <param name="AmountSum">Sum of their amounts.</param>
internal sealed record FoundWindow(WindowKey Key, long Revision, bool Final, long Count, long NumberSum, long AmountSum)
{
    /// <summary>Reads the document of the API and the sockets.</summary>
    public static FoundWindow Of(JsonNode data) => new(
        new WindowKey((string)data["type"]!, Time(data["window_start"]), Time(data["window_end"])),
        (long)data["revision"]!,
        (bool)data["final"]!,
        (long)data["count"]!,
        Sum(data, "n"),
        Sum(data, "amount"));

    private static long Sum(JsonNode data, string value) => data["values"]?[value]?["sum"] is { } sum ? (long)Math.Round((double)sum) : 0;

    private static long Time(JsonNode? text) => DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
