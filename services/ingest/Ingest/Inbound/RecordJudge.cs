using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Contracts.Hashing;
using Millrace.Hosting.Authentication;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Inbound;

/// <summary>Judges a record as <c>POST /ingest</c> judges a request: same formats, same rules, same codes.</summary>
internal sealed class RecordJudge(ICallerAuthenticator authenticator, IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>Who a record belongs to, and why it is refused before its value is looked at.</summary>
    internal readonly record struct Owner(string Tenant, Fault? Refusal);

    /// <summary>Finds the tenant of a record.</summary>
    public async ValueTask<Owner> FindOwnerAsync(InboundTopicOptions topic, IReadOnlyDictionary<string, string> headers, CancellationToken cancellationToken)
    {
        if (topic.TokenHeader is not { } header) return new Owner(topic.Tenant, null);
        var token = RecordHeaders.Find(headers, header);
        if (token is null)
            return Refuse(ErrorCodes.MissingCredential, $"The record has no header '{header}' with a JSON Web Token.");
        if (token.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) token = token["Bearer ".Length..].Trim();
        var verdict = await authenticator.AuthenticateAsync(token, cancellationToken);
        if (verdict.Outcome != AuthenticationOutcome.Accepted)
            return Refuse(ErrorCodes.InvalidCredential, $"The token in header '{header}' is refused: {verdict.Detail}");
        if (verdict.Caller!.Kind != CredentialKind.Token)
            return Refuse(ErrorCodes.InvalidCredential, $"Header '{header}' holds an API key, which has no place on a topic: revoke it, and sign a token.");
        return verdict.Caller.Has(Scopes.Ingest)
            ? new Owner(verdict.Caller.Tenant, null)
            : Refuse(ErrorCodes.Forbidden, $"The token in header '{header}' lacks the scope 'ingest'.");

        Owner Refuse(ErrorCode code, string message) => new(topic.Tenant, new Fault(code, "", message));
    }

    /// <summary>What the events of a record share.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="epoch">Its epoch, which with the position tells the record from every other: ids follow from it.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="entry">The record.</param>
    /// <param name="tenant">Whose it is.</param>
    public RequestFrame FrameOf(InboundTopicOptions topic, SipHash128 epoch, int partition, in LogEntry entry, string tenant)
    {
        Span<byte> position = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(position, partition);
        BinaryPrimitives.WriteInt64LittleEndian(position[4..], entry.Offset);
        var seed = epoch.Hash(Encoding.UTF8.GetBytes(topic.Name), position, default);
        // Received is when the broker had it; where the producer gives the time, it may be anything.
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var received = entry.AppendedAtMs <= 0 ? now : Math.Min(entry.AppendedAtMs, now);
        var settings = options.Value;
        return new RequestFrame(
            tenant, received, topic.Stream, settings.MaxEventAge, settings.MaxEventAhead, RecordHeaders.Trace(RecordHeaders.OrNone(entry.Headers)), IdSeed: seed);
    }

    /// <summary>Reads a record's value into a batch that stands at its frame.</summary>
    public static void Read(IReadOnlyDictionary<string, string> headers, ReadOnlySpan<byte> value, EventBatch batch)
    {
        var (records, rejections) = (batch.Records.Length, batch.Rejections.Count);
        var contentType = RecordHeaders.Find(headers, "content-type");
        var format = RecordHeaders.FormatOf(headers, contentType, out var why);
        var outcome = format switch
        {
            BodyFormat.None => ReadOutcome.Unset,
            BodyFormat.CloudEventBinary => CloudEventBinary.Read(RecordHeaders.Attributes(headers), contentType, value, batch),
            _ => Body.Read(format, value, batch),
        };
        if (outcome == ReadOutcome.Judged) return;
        batch.TakeBack(records, rejections);
        batch.Reject(
            outcome switch
            {
                ReadOutcome.Unset => new Fault(ErrorCodes.UnsupportedMediaType, "", $"{why} Supported are {string.Join(", ", BodyFormats.Supported)}."),
                ReadOutcome.Empty => new Fault(ErrorCodes.EmptyBody, "", "The record has no value. Send an event."),
                ReadOutcome.TooManyEvents => new Fault(
                    ErrorCodes.TooLarge, "", $"The record has more than {EventLimits.RequestEvents} events. Send several records."),
                _ => EventBatch.TooLarge(value.Length),
            },
            id: null, 0, value.Length);
    }
}
