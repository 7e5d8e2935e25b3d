using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Formats;

/// <summary>Finds the attributes of a CloudEvent in binary mode in the headers of a request (CloudEvents 1.0.2, HTTP binding §3.1).</summary>
internal static class CloudEventHeaders
{
    private const string HeaderPrefix = "ce-";

    /// <summary>Whether a request is in binary mode.</summary>
    public static bool IsBinaryMode(IHeaderDictionary headers) => headers.ContainsKey("ce-specversion") || headers.ContainsKey("ce-id");

    /// <summary>Reads the one event of a request.</summary>
    public static ReadOutcome Read(IHeaderDictionary headers, string? contentType, ReadOnlySpan<byte> body, EventBatch batch)
    {
        var attributes = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (header, values) in headers)
        {
            if (header.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && values.Count > 0)
                attributes[header[HeaderPrefix.Length..].ToLowerInvariant()] = Decode(values.ToString());
        }

        return CloudEventBinary.Read(attributes, contentType, body, batch);
    }

    /// <summary>Undoes double quotes and percent-encoding (HTTP binding §3.1.3.2).</summary>
    private static byte[] Decode(string value)
    {
        var text = value.Trim();
        if (text.Length >= 2 && text[0] == '"' && text[^1] == '"') text = Unquote(text[1..^1]);
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = 0;
        for (var at = 0; at < bytes.Length; at++)
        {
            var escaped = bytes[at] == '%' && at + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[at + 1]) && char.IsAsciiHexDigit((char)bytes[at + 2]);
            bytes[length++] = escaped ? byte.Parse(bytes.AsSpan(at + 1, 2), System.Globalization.NumberStyles.HexNumber) : bytes[at];
            if (escaped) at += 2;
        }

        return bytes[..length];
    }

    private static string Unquote(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            plain.Append(text[at]);
        }

        return plain.ToString();
    }
}
