using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.Ingest.Events;
using Millrace.Ingest.Requests;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// Reads bodies as the ingest service does, into one batch that is used again and again as the service's are. Every refusal must carry a known
/// code and lie within the body; every accepted event must be on the log what a slow reading of the body says.
/// </summary>
internal abstract class EventTarget : Target
{
    /// <summary>Tenant of every input.</summary>
    protected const string Tenant = "acme";

    /// <summary>Stream of events that name none.</summary>
    protected const string Stream = "fuzzed";

    /// <summary>Events that a body may hold.</summary>
    protected const int MaxEvents = 40;

    private readonly Ingest.Events.EventBatch _batch = new();
    private readonly RequestFrame _frame = new(Tenant, EventMaker.Now, Stream, SlowRules.MaxAge, SlowRules.MaxAhead, MaxEvents: MaxEvents);
    private ReadOutcome _outcome;

    /// <inheritdoc/>
    public override bool Parse(byte[] input)
    {
        _batch.Open(_frame, input.Length);
        _outcome = Read(input, _batch);
        return _outcome == ReadOutcome.Judged && _batch.Records.Length > 0;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, bool accepted)
    {
        if (_outcome != ReadOutcome.Judged)
        {
            Require.That(_outcome != ReadOutcome.Unset, "no outcome");
            Require.That(_outcome != ReadOutcome.TooManyEvents || input.Length > MaxEvents, "too many events in a short body");
            return;
        }

        Require.That(_batch.Total is > 0 and <= MaxEvents, $"judged, with {_batch.Total} events");
        CheckRejections(_frame, input);
        CheckAccepted(input, _batch);
    }

    /// <inheritdoc/>
    public override void Clear() => _batch.Close();

    /// <summary>Each event may be refused, and a refusal takes about a kilobyte.</summary>
    public override long AllocationBase => (64 + (4 * MaxEvents)) * 1024;

    /// <summary>Whether the input is the body alone; else it is <see cref="HeadersAndBody"/>.</summary>
    protected virtual bool InBody => true;

    /// <summary>Reads the body.</summary>
    protected abstract ReadOutcome Read(byte[] input, Ingest.Events.EventBatch batch);

    /// <summary>Checks accepted events, and that none of the refused ones should have been accepted.</summary>
    protected abstract void CheckAccepted(byte[] input, Ingest.Events.EventBatch batch);

    /// <summary>Checks each event in its place against what a slow reading says; <see langword="null"/> there means: must be refused.</summary>
    protected static void Compare(IReadOnlyList<ExpectedEvent?> expected, Ingest.Events.EventBatch batch)
    {
        Require.Same(expected.Count, batch.Total, "the number of events");
        var refused = batch.Rejections.ToDictionary(rejection => rejection.Index);
        var next = 0;
        for (var i = 0; i < expected.Count; i++)
        {
            if (refused.TryGetValue(i, out var rejection))
            {
                Require.That(expected[i] is null, $"event {i} is refused ({rejection.Fault.Code.Code}, {rejection.Fault.Message}) and should be accepted");
                continue;
            }

            Require.That(expected[i] is not null, $"event {i} is accepted and should be refused");
            var record = batch.Records.Span[next++];
            expected[i]!.Check(record.Key.Span, record.Value.Span, Tenant, Stream, EventMaker.Now);
        }
    }

    private void CheckRejections(RequestFrame frame, byte[] input)
    {
        var last = -1;
        var body = InBody ? input : HeadersAndBody.Of(input).Body;
        foreach (var rejection in _batch.Rejections)
        {
            Require.That(rejection.Index > last && rejection.Index < _batch.Total, $"a refusal has the index {rejection.Index} after {last}, of {_batch.Total} events");
            last = rejection.Index;
            Require.That(KnownCodes.Contains(rejection.Fault.Code), $"'{rejection.Fault.Code.Code}' is not in the table of errors");
            Require.That(rejection.Fault.Message.Length is > 0 and < 1000, $"a message has {rejection.Fault.Message.Length} characters");
            Require.That(rejection.Fault.Field.Length < 300, $"a field has {rejection.Fault.Field.Length} characters");
            Require.That(rejection.Start >= 0 && rejection.Length >= 0 && rejection.Start + rejection.Length <= body.Length, "a refusal lies outside the body");
            Require.That(rejection.Id is null || SlowRules.IsName(rejection.Id) || rejection.Id.Length <= EventLimits.NameLength * 4, "an id is too long");
            var letter = DeadLetters.Of(frame, body, "application/json", rejection, null);
            var read = DeadLetter.Parser.ParseFrom(letter.Value.Span);
            Require.Same(rejection.Fault.Code.Code, read.Code, "the dead letter's code");
            if (rejection.Restated is null)
                Require.That(read.Original.Span.SequenceEqual(body.AsSpan(rejection.Start, rejection.Length)), "the dead letter's bytes are not those of the event");
        }
    }
}
