using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Verify.Load;

namespace Millrace.Verify.Observe;

/// <summary>An event as it was found in some place.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Facts">What it says there.</param>
/// <param name="Late">Whether it is marked as late there.</param>
internal readonly record struct FoundEvent(string Id, EventFacts Facts, bool Late)
{
    /// <summary>Reads the document that sockets and objects share.</summary>
    public static FoundEvent Of(JsonNode data) => new(
        (string)data["id"]!,
        new EventFacts(
            (string?)data["type"] ?? "",
            DateTimeOffset.Parse((string)data["time"]!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(),
            Whole(data["values"]?["n"]),
            Whole(data["values"]?["amount"])),
        (bool?)data["late"] ?? false);

    // Absent where the event is not one of ours, or was damaged.
    private static long Whole(JsonNode? value) => value is null ? -1 : (long)(double)value;
}
