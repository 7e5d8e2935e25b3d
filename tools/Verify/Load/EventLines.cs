using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Millrace.Verify.Load;

/// <summary>Writes planned events as lines of a request.</summary>
internal static class EventLines
{
    /// <summary>A body of NDJSON.</summary>
    public static byte[] Body(IEnumerable<string> lines, bool compressed)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        if (!compressed) return bytes;
        using var body = new MemoryStream();
        using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return body.ToArray();
    }

    /// <summary>The line of an event.</summary>
    /// <param name="planned">The event.</param>
    /// <param name="stream">Full name of its stream.</param>
    /// <param name="timeMs">When it happened.</param>
    public static string Line(PlannedEvent planned, string stream, long timeMs) => planned.Kind == PlannedKind.Malformed
        ? Malformed(planned, stream, timeMs)
        : string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","type":"{{{planned.Type}}}","time":{{{timeMs}}},"values":{"n":{{{planned.Number}}},"amount":{{{planned.Amount}}}}}""");

    private static string Malformed(PlannedEvent planned, string stream, long timeMs) => (planned.Number % 10) switch
    {
        0 => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}",""",
        1 => "[1,2,3]",
        2 => $$$"""{"id":"{{{planned.Id}}}","stream":"No Such Name!","values":{"a":1}}""",
        3 => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","values":{"a":1e999}}""",
        4 => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","values":{"a":"text"}}""",
        5 => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","no_such_field":1}""",
        6 => string.Create(CultureInfo.InvariantCulture, $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","time":{{{timeMs - 30L * 24 * 3_600_000}}}}"""),
        7 => $$$"""{"stream":"{{{stream}}}","id":"{{{new string('x', 200)}}}"}""",
        8 => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","geo":{"lat":123,"lon":0}}""",
        _ => $$$"""{"id":"{{{planned.Id}}}","stream":"{{{stream}}}","type":"a","type":"b"}""",
    };
}
