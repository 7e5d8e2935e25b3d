using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Millrace.Ingest.Inbound;
using Millrace.Ingest.Letters;
using Millrace.Ingest.Overload;

namespace Millrace.Ingest;

/// <summary>Settings under <c>Millrace:Ingest</c>. The limits of an event and of a request are part of the contract and not settings.</summary>
public sealed class IngestOptions
{
    /// <summary>How far before its receipt an event's time may lie; older ones are rejected (<c>time_too_old</c>). Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan MaxEventAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How far after its receipt an event's time may lie; later ones are rejected (<c>time_in_future</c>). Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxEventAhead { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Bytes that all requests being read may hold together: each body counts twice, as it came and encoded. Policy at the limit: the request
    /// is refused with 503 and <c>Retry-After</c>, counted as <c>millrace.ingest.overloads</c>. A tenant takes more only while it holds less than
    /// what is free, so one alone comes to about half. Default 256 MiB, at least 64 MiB: one request of the largest size needs 32.
    /// </summary>
    [Range(64L * 1024 * 1024, 64L * 1024 * 1024 * 1024)]
    public long MaxInFlightBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How much is taken in at a time, and how it is divided among tenants.</summary>
    [ValidateObjectMembers]
    public OverloadOptions Overload { get; set; } = new();

    /// <summary>Topics on which programs outside Millrace produce events.</summary>
    [ValidateObjectMembers]
    public InboundOptions Inbound { get; set; } = new();

    /// <summary>The list of refused events.</summary>
    [ValidateObjectMembers]
    public LetterOptions DeadLetters { get; set; } = new();
}

/// <summary>Rules of <see cref="IngestOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
