using System.Buffers.Binary;
using System.Text.Json;
using Google.Protobuf;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Contracts.Hashing;
using Millrace.Contracts.Protos;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters;

/// <summary>A record of the dead-letter topic on its way into the list.</summary>
internal static class LetterEntry
{
    private const int LongestType = 256;

    /// <summary>The row of a record, or <see langword="null"/> where the record is no dead letter.</summary>
    /// <param name="epoch">Keyed by the topic's epoch.</param>
    /// <param name="partition">Where it stands.</param>
    /// <param name="entry">The record.</param>
    public static LetterRow? Read(SipHash128 epoch, int partition, in LogEntry entry)
    {
        DeadLetter letter;
        try
        {
            letter = DeadLetter.Parser.ParseFrom(entry.Value.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }

        if (letter.Tenant.Length == 0) return null;
        var contentType = letter.ContentType.Length > LongestType ? letter.ContentType[..LongestType] : letter.ContentType;
        var original = letter.Original.ToByteArray();
        return new LetterRow
        {
            Id = IdOf(epoch, partition, entry.Offset),
            Tenant = letter.Tenant,
            At = letter.ReceivedAtMs,
            Code = letter.Code,
            Field = Storable(letter.Field),
            Message = Storable(letter.Message),
            Stream = StreamOf(contentType, original) ?? Storable(letter.Stream),
            DefaultStream = Storable(letter.Stream),
            EventId = Storable(letter.Id),
            ContentType = Storable(contentType),
            EventIndex = letter.Index,
            Origin = Storable(entry.Headers?.GetValueOrDefault(Headers.Inbound) ?? ""),
            Part = partition,
            LogOffset = entry.Offset,
            OriginalBytes = Math.Max(letter.OriginalBytes, original.Length),
            KeptBytes = original.Length,
            Original = original,
        };
    }

    /// <summary>The id of the dead letter at a position: the same whenever and by whomever it is read.</summary>
    public static string IdOf(SipHash128 epoch, int partition, long offset)
    {
        Span<byte> position = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(position, partition);
        BinaryPrimitives.WriteInt64LittleEndian(position[4..], offset);
        return DerivedId(epoch.Hash("dead-letter"u8, position, default));
    }

    /// <summary>A UUID (version 8) that follows from a hash.</summary>
    public static string DerivedId(UInt128 hash)
    {
        Span<byte> text = stackalloc byte[36];
        EventIds.DerivedFrom(hash).Write(0, text);
        return System.Text.Encoding.ASCII.GetString(text);
    }

    // PostgreSQL has no U+0000 in text, and what a producer sent may hold one.
    private static string Storable(string text) => text.Replace('\0', '\uFFFD');

    private static string? StreamOf(string contentType, byte[] original) =>
        BodyFormats.Parse(contentType, out _) == BodyFormat.Protobuf ? StreamOfMessage(original) : StreamOfJson(original);

    private static string? StreamOfMessage(byte[] original)
    {
        var reader = new WireReader(original);
        while (reader.Next(out var field))
        {
            if (field == 3 && reader.WireType == 2 && EventDraft.IsStream(reader.Bytes)) return System.Text.Encoding.ASCII.GetString(reader.Bytes);
        }

        return null;
    }

    private static string? StreamOfJson(byte[] original)
    {
        var json = new Utf8JsonReader(original, new JsonReaderOptions { MaxDepth = JsonFields.ReaderDepth });
        try
        {
            while (json.Read())
            {
                if (json.CurrentDepth != 1 || json.TokenType != JsonTokenType.PropertyName || !json.ValueTextEquals("stream"u8)) continue;
                json.Read();
                if (json.TokenType == JsonTokenType.String && EventDraft.IsStream(json.ValueSpan)) return System.Text.Encoding.ASCII.GetString(json.ValueSpan);
            }
        }
        catch (JsonException)
        {
            // Often the very reason why the event was refused: then its stream can't be told.
            return null;
        }

        return null;
    }
}
