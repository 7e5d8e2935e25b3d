using System.Text.Json;
using Millrace.Contracts.Events;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>One <c>events</c> channel that is being fed. The source's gate covers it.</summary>
internal sealed class EventFeed(Channel channel, int fullRate)
{
    /// <summary>The channel.</summary>
    public Channel Channel => channel;

    /// <summary>What goes out of it.</summary>
    public EventSampler Sampler { get; } = new(fullRate);

    /// <summary>Completes when the channel knows its recent past.</summary>
    public TaskCompletionSource Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The publication of a record, or <see langword="null"/> when it is no event or not in the sample.</summary>
    public static Publication? Transcode(JsonDocuments documents, in LogEntry entry, EventSampler? sampler, out bool sampledOut)
    {
        sampledOut = false;
        if (!EventView.TryParse(entry.Value.Span, out var view)) return null;
        sampledOut = sampler is not null && !sampler.Takes(view.Id);
        if (sampledOut) return null;
        try
        {
            EventDocument.Write(documents.Begin(), view);
        }
        catch (ArgumentException)
        {
            return null; // Text that is not UTF-8.
        }

        var type = System.Text.Encoding.UTF8.GetString(view.Type);
        return new Publication(entry.Offset + 1, entry.AppendedAtMs, type, documents.End(), sampler?.Rate ?? 1);
    }

    /// <summary>The note to subscribers that the step has changed.</summary>
    public byte[] Note() => JsonSerializer.SerializeToUtf8Bytes(
        new DegradedNote(
            Sampler.Step > 0,
            Sampler.StepName,
            Sampler.Rate,
            Sampler.EventsPerSecond,
            Sampler.Step > 0 ? $"more events than a feed shows: 1 in {Math.Round(1 / Sampler.Rate)}" : "",
            EventSource.Service),
        GatewayJson.Default.DegradedNote);
}

/// <summary>Data of a message of type <c>degraded</c>.</summary>
/// <param name="Degraded">Whether less than everything is sent.</param>
/// <param name="Step">Name of the step.</param>
/// <param name="SampleRate">Share of the events that is sent.</param>
/// <param name="EventsPerSecond">How many there are.</param>
/// <param name="Reason">For people; empty when nothing is left out.</param>
/// <param name="Service">The service that leaves something out.</param>
internal sealed record DegradedNote(bool Degraded, string Step, double SampleRate, int EventsPerSecond, string Reason, string Service);
