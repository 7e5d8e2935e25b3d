using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Millrace.Ingest.Letters;

/// <summary>A refused event as the API shows it.</summary>
internal sealed record LetterDocument(
    string Id,
    string ReceivedAt,
    string Status,
    string? Stream,
    string? EventId,
    LetterReason Reason,
    LetterOriginal Original,
    LetterOrigin Origin,
    long Attempts,
    LetterAttempt? LastAttempt)
{
    /// <summary>The document of a row.</summary>
    public static LetterDocument From(LetterRow row) => new(
        row.Id,
        Instants.Format(row.At),
        LetterStatuses.Of(row.Status),
        OrNull(row.Stream),
        OrNull(row.EventId),
        new LetterReason(row.Code, row.Field, row.Message),
        LetterOriginal.From(row),
        LetterOrigin.From(row),
        row.Attempts,
        row.AttemptedAt is { } at
            ? new LetterAttempt(
                row.RedriveId!, Instants.Format(at), row.Edited != 0, row.LastCode is { } code ? new LetterReason(code, row.LastField ?? "", row.LastMessage ?? "") : null)
            : null);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}

/// <summary>Why an event was refused.</summary>
/// <param name="Code">From the error table.</param>
/// <param name="Field">Path of the field at fault; empty when it is the whole event.</param>
/// <param name="Message">What is wrong and what to do.</param>
internal sealed record LetterReason(string Code, string Field, string Message);

/// <summary>The event as it came.</summary>
/// <param name="ContentType">Of its request or record.</param>
/// <param name="Bytes">Its length as it came.</param>
/// <param name="KeptBytes">How many of them are kept: no more than the first MiB.</param>
/// <param name="Complete">Whether all that are kept stand here; a list shows the first 4,096.</param>
/// <param name="Base64">The bytes (RFC 4648 §4).</param>
/// <param name="Text">The same as text, where they are UTF-8.</param>
internal sealed record LetterOriginal(string? ContentType, long Bytes, long KeptBytes, bool Complete, string Base64, string? Text)
{
    /// <summary>The bytes of a row.</summary>
    public static LetterOriginal From(LetterRow row)
    {
        var complete = row.Original.Length == row.KeptBytes;
        return new LetterOriginal(
            row.ContentType.Length == 0 ? null : row.ContentType,
            row.OriginalBytes,
            row.KeptBytes,
            complete,
            Convert.ToBase64String(row.Original),
            TextOf(row.Original, cut: !complete || row.OriginalBytes > row.KeptBytes));
    }

    private static string? TextOf(ReadOnlySpan<byte> bytes, bool cut)
    {
        if (cut) bytes = WithoutHalfCharacter(bytes);
        return Utf8.IsValid(bytes) && !bytes.Contains((byte)0) ? Encoding.UTF8.GetString(bytes) : null;
    }

    private static ReadOnlySpan<byte> WithoutHalfCharacter(ReadOnlySpan<byte> bytes)
    {
        // A character has at most four bytes, the first of which says how many.
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var lead = bytes[^back];
            if ((lead & 0xC0) == 0x80) continue;
            var length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
            return length > back ? bytes[..^back] : bytes;
        }

        return bytes;
    }
}

/// <summary>Where a refused event came from.</summary>
/// <param name="Kind"><c>http</c>, or <c>topic</c> for a record of a program outside.</param>
/// <param name="Index">Its position in the request or record, from 0.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition there.</param>
/// <param name="Offset">The offset there.</param>
/// <param name="DeadLetter">Where it stands on <c>millrace.dead-letter</c>, <c>partition:offset</c>.</param>
internal sealed record LetterOrigin(string Kind, long Index, string? Topic, long? Partition, long? Offset, string DeadLetter)
{
    /// <summary>The origin of a row.</summary>
    public static LetterOrigin From(LetterRow row)
    {
        var letter = string.Create(CultureInfo.InvariantCulture, $"{row.Part}:{row.LogOffset}");
        var parts = row.Origin.Split('#')[0].Split('/');
        return parts.Length == 3 && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var partition) && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var offset)
            ? new LetterOrigin("topic", row.EventIndex, parts[0], partition, offset, letter)
            : new LetterOrigin("http", row.EventIndex, null, null, null, letter);
    }
}

/// <summary>What the last redrive made of it.</summary>
/// <param name="RedriveId">The redrive.</param>
/// <param name="At">When.</param>
/// <param name="Edited">Whether it took an edited event and not the original bytes.</param>
/// <param name="Refused">Why it was refused again; absent when it was not.</param>
internal sealed record LetterAttempt(string RedriveId, string At, bool Edited, LetterReason? Refused);

/// <summary>A page of a list, newest first.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; <see langword="null"/> on the last one.</param>
/// <param name="Dropped">How many of the tenant's dead letters the list no longer holds, because of age or its limits.</param>
internal sealed record LetterPage(IReadOnlyList<LetterDocument> Items, string? Next, long Dropped);

/// <summary>Times as the API writes them: RFC 3339, UTC, milliseconds.</summary>
internal static class Instants
{
    public static string Format(long unixMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string? FormatOrNull(long? unixMs) => unixMs is { } ms ? Format(ms) : null;
}
