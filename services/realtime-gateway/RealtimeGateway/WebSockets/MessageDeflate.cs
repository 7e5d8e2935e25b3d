using System.Buffers;
using System.IO.Compression;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>
/// Compression of messages (RFC 7692, permessage-deflate), each by itself: without a context that goes on from message to message, so that a compressed message can be shared by
/// all who listen, and a connection costs no memory for it.
/// </summary>
internal static class MessageDeflate
{
    private const string Name = "permessage-deflate";

    // RFC 7692, section 7.2.1: what a flush ends with is left out.
    private const int TailLength = 4;

    /// <summary>What to answer to the client's offers; <see langword="null"/> when it offers nothing that can be taken.</summary>
    public static string? Negotiate(IEnumerable<string?> offers)
    {
        foreach (var offer in offers.SelectMany(h => (h ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            var parts = offer.Split(';', StringSplitOptions.TrimEntries);
            if (!string.Equals(parts[0], Name, StringComparison.OrdinalIgnoreCase)) continue;
            if (Accept(parts.AsSpan(1)) is { } answer) return answer;
        }

        return null;
    }

    /// <summary>Compresses a message; <see langword="null"/> when that gains nothing.</summary>
    public static byte[]? Compress(ReadOnlySpan<byte> message)
    {
        using var output = new MemoryStream((message.Length / 3) + 64);
        using (var deflate = new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(message);
            // Ends at a byte; what disposing adds is the end of a stream, which this is not.
            deflate.Flush();
            output.SetLength(output.Length - TailLength);
            return output.Length < message.Length ? output.ToArray() : null;
        }
    }

    /// <summary>Takes a message apart.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="maxLength">Most that it may become.</param>
    /// <param name="pooled">The message, in memory of the shared pool.</param>
    /// <param name="length">How much of it.</param>
    /// <returns>Whether it is one, and not too large.</returns>
    public static Outcome Expand(ReadOnlySpan<byte> message, int maxLength, out byte[] pooled, out int length)
    {
        pooled = [];
        length = 0;
        // What was left out, and an empty last block, so that it is a whole stream.
        byte[] whole = [.. message, 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff];
        using var input = new DeflateStream(new MemoryStream(whole), CompressionMode.Decompress);
        var bytes = ArrayPool<byte>.Shared.Rent(Math.Min(maxLength + 1, Math.Max(message.Length * 4, 256)));
        try
        {
            int read;
            while ((read = input.Read(bytes.AsSpan(length))) > 0)
            {
                length += read;
                if (length > maxLength) break;
                if (length == bytes.Length) Grow(ref bytes, length);
            }
        }
        catch (InvalidDataException)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            return Outcome.Malformed;
        }

        if (length > maxLength)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            return Outcome.TooLarge;
        }

        pooled = bytes;
        return Outcome.Expanded;
    }

    private static void Grow(ref byte[] bytes, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(bytes.Length * 2);
        bytes.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }

    private static string? Accept(ReadOnlySpan<string> parameters)
    {
        var answer = $"{Name}; server_no_context_takeover; client_no_context_takeover";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parameter in parameters)
        {
            var equals = parameter.IndexOf('=');
            var name = (equals < 0 ? parameter : parameter[..equals]).Trim();
            var value = equals < 0 ? null : parameter[(equals + 1)..].Trim().Trim('"');
            if (!seen.Add(name)) return null;
            switch (name)
            {
                case "server_no_context_takeover" or "client_no_context_takeover" when value is null:
                case "client_max_window_bits" when value is null or "8" or "9" or "10" or "11" or "12" or "13" or "14" or "15":
                    break;
                // The compressor here knows no smaller window: another offer may do without.
                case "server_max_window_bits" when value is "15":
                    answer += "; server_max_window_bits=15";
                    break;
                default:
                    return null;
            }
        }

        return answer;
    }

    /// <summary>What became of a compressed message.</summary>
    internal enum Outcome
    {
        /// <summary>Never returned.</summary>
        Unset = 0,

        /// <summary>It is there.</summary>
        Expanded,

        /// <summary>It is more than it may be.</summary>
        TooLarge,

        /// <summary>It is not compressed data.</summary>
        Malformed,
    }
}
