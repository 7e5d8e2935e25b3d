using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>Judges the bytes of a dead letter as <c>POST /ingest</c> judges a body, with the same parser.</summary>
internal static class LetterJudge
{
    // Of these a whole record is kept and not one event of it: it was refused before it was read.
    private static readonly HashSet<string> _wholeRecords =
    [
        ErrorCodes.MissingCredential.Code, ErrorCodes.InvalidCredential.Code, ErrorCodes.Forbidden.Code, ErrorCodes.UnsupportedMediaType.Code, ErrorCodes.EmptyBody.Code,
    ];

    /// <summary>Reads a letter, all or nothing.</summary>
    /// <param name="letter">The letter, with its bytes.</param>
    /// <param name="replacement">What to read in place of its bytes.</param>
    /// <param name="replacementType">Content type of that; absent: the letter's.</param>
    /// <param name="batch">Stands at the letter's frame; receives the events, none where the letter is refused.</param>
    /// <returns>Why the letter is refused, or <see langword="null"/>.</returns>
    public static Fault? Read(LetterRow letter, byte[]? replacement, string? replacementType, EventBatch batch)
    {
        if (replacement is null && letter.KeptBytes < letter.OriginalBytes)
        {
            return new Fault(
                ErrorCodes.TooLarge, "", $"Only the first {letter.KeptBytes} of its {letter.OriginalBytes} bytes are kept. Send it again from where it came, or edited.");
        }

        var contentType = replacement is null ? letter.ContentType : replacementType ?? letter.ContentType;
        var why = "";
        var format = contentType.Length == 0 ? BodyFormat.Json : BodyFormats.Parse(contentType, out why);
        if (format == BodyFormat.None) return new Fault(ErrorCodes.UnsupportedMediaType, "", $"{why} Supported are {string.Join(", ", BodyFormats.Supported)}.");
        var bytes = replacement ?? letter.Original;
        if (format == BodyFormat.CloudEventBatch && !IsArray(bytes)) format = BodyFormat.CloudEvent;
        if (format == BodyFormat.Protobuf && replacement is null && !_wholeRecords.Contains(letter.Code))
        {
            if (letter.Code == ErrorCodes.InvalidProtobuf.Code)
                return new Fault(ErrorCodes.InvalidProtobuf, letter.Field, "The bytes are not a millrace.v1.Event and can't become one. Send it edited.");
            bytes = AsBatch(bytes);
        }

        return Read(format, bytes, batch);
    }

    private static Fault? Read(BodyFormat format, byte[] bytes, EventBatch batch)
    {
        var (records, rejections) = (batch.Records.Length, batch.Rejections.Count);
        var fault = Body.Read(format, bytes, batch) switch
        {
            ReadOutcome.Judged => batch.Rejections.Count > rejections ? batch.Rejections[rejections].Fault : null,
            ReadOutcome.Empty => new Fault(ErrorCodes.EmptyBody, "", "There is no event in it."),
            ReadOutcome.TooManyEvents => new Fault(ErrorCodes.TooLarge, "", $"It holds more than {EventLimits.RequestEvents} events."),
            _ => EventBatch.TooLarge(bytes.Length),
        };
        if (fault is not null) batch.TakeBack(records, rejections);
        return fault;
    }

    private static bool IsArray(ReadOnlySpan<byte> bytes)
    {
        var text = bytes.TrimStart(" \t\r\n"u8);
        return !text.IsEmpty && text[0] == (byte)'[';
    }

    /// <summary>A <c>millrace.v1.EventBatch</c> of one event: its first field, as a message.</summary>
    private static byte[] AsBatch(byte[] message)
    {
        using var batch = new MemoryStream(message.Length + 6);
        batch.WriteByte((1 << 3) | 2);
        var length = (uint)message.Length;
        for (; length >= 0x80; length >>= 7) batch.WriteByte((byte)(length | 0x80));
        batch.WriteByte((byte)length);
        batch.Write(message);
        return batch.ToArray();
    }
}
