using System.Text.Json;
using Millrace.Hosting.Http;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>Data of publications: any JSON whose texts are Unicode, kept without line breaks, for they divide messages on some wires.</summary>
internal static class PublicationData
{
    private const int MaxDepth = 64;

    /// <summary>Checks data and takes the line breaks out.</summary>
    /// <param name="data">What came.</param>
    /// <param name="clean">The same JSON in memory of its own.</param>
    /// <returns><see langword="false"/> when it is not JSON.</returns>
    public static bool TryClean(ReadOnlySpan<byte> data, out byte[] clean)
    {
        clean = [];
        if (!IsJson(data)) return false;
        clean = data.ToArray();
        // In a string a line break would be escaped: what is left of them is space between tokens.
        clean.AsSpan().Replace((byte)'\n', (byte)' ');
        clean.AsSpan().Replace((byte)'\r', (byte)' ');
        return true;
    }

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        if (!JsonUnicode.IsWhole(data)) return false;
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            var any = false;
            while (reader.Read()) any = true;
            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
