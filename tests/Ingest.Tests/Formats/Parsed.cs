using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Ingest.Tests.Formats;

/// <summary>A body read as the service reads it, with the events read back from their bytes on the log.</summary>
internal sealed record Parsed(ReadOutcome Outcome, IReadOnlyList<ParsedEvent> Events, IReadOnlyList<Rejection> Rejections)
{
    /// <summary>2026-01-31T12:00:00Z: when every test's request is received.</summary>
    public const long Now = 1_769_860_800_000;

    public ParsedEvent Single => Xunit.Assert.Single(Events);

    public Rejection Refused => Xunit.Assert.Single(Rejections);

    public static Parsed Json(string body, string? stream = "shop") => Of(BodyFormat.Json, body, stream);

    public static Parsed Of(BodyFormat format, string body, string? stream = "shop") => Of(format, Encoding.UTF8.GetBytes(body), stream);

    public static Parsed Of(BodyFormat format, byte[] body, string? stream = "shop") =>
        Run(body.Length, stream, batch => Body.Read(format, body, batch));

    public static Parsed Binary(string? contentType, byte[] body, params (string Name, string Value)[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, value) in headers) dictionary[name] = value;
        return Run(body.Length, "shop", batch => CloudEventHeaders.Read(dictionary, contentType, body, batch));
    }

    public static Parsed Run(int length, string? stream, Func<EventBatch, ReadOutcome> read)
    {
        var batch = new EventBatch();
        batch.Open(new RequestFrame("acme", Now, stream, TimeSpan.FromDays(7), TimeSpan.FromMinutes(5)), length);
        try
        {
            var outcome = read(batch);
            var events = new List<ParsedEvent>();
            foreach (var record in batch.Records.Span) events.Add(ParsedEvent.Of(record.Key.Span, record.Value.Span));
            return new Parsed(outcome, events, [.. batch.Rejections]);
        }
        finally
        {
            batch.Close();
        }
    }
}

/// <summary>An event as it stands on the log.</summary>
internal sealed record ParsedEvent(
    string Key,
    string Tenant,
    string Id,
    string Source,
    string Stream,
    string Type,
    long TimeMs,
    long ReceivedAtMs,
    IReadOnlyList<(string Name, string Value)> Dims,
    IReadOnlyList<(string Name, double Value)> Values,
    (double Lat, double Lon)? Geo,
    string? Data)
{
    public static ParsedEvent Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Xunit.Assert.True(EventView.TryParse(value, out var view));
        // Whatever any Protobuf library reads must be the same as what ours does.
        var message = Contracts.Protos.Event.Parser.ParseFrom(value);
        var dims = new List<(string, string)>();
        foreach (var dim in view.Dims) dims.Add((Text(dim.Name), Text(dim.Value)));
        var values = new List<(string, double)>();
        foreach (var number in view.Values) values.Add((Text(number.Name), number.Value));
        Xunit.Assert.Equal(message.Dims.Count, dims.Count);
        Xunit.Assert.Equal(message.Values.Count, values.Count);
        Xunit.Assert.Equal((message.Id, message.Stream, message.TimeMs, message.Tenant), (Text(view.Id), Text(view.Stream), view.TimeMs, Text(view.Tenant)));
        return new ParsedEvent(
            Text(key),
            Text(view.Tenant),
            Text(view.Id),
            Text(view.Source),
            Text(view.Stream),
            Text(view.Type),
            view.TimeMs,
            view.ReceivedAtMs,
            dims,
            values,
            view.HasGeo ? (view.Lat, view.Lon) : null,
            view.Data.IsEmpty ? null : Text(view.Data));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
