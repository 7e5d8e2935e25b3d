using System.Text;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;

namespace Millrace.Fuzz.Reference;

/// <summary>What an event should come to on the log, read slowly and by other code than the service's.</summary>
internal sealed class ExpectedEvent
{
    public string? Id { get; set; }

    public string Source { get; set; } = "";

    public string? Stream { get; set; }

    public string Type { get; set; } = "event";

    public long? TimeMs { get; set; }

    public SortedDictionary<string, string> Dims { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, double> Values { get; } = new(StringComparer.Ordinal);

    public (double Lat, double Lon)? Geo { get; set; }

    public byte[] Data { get; set; } = [];

    /// <summary>Checks that a record of the log is this event, as Google's library reads it and as the services read it in place.</summary>
    public void Check(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, string tenant, string stream, long receivedAtMs)
    {
        var actual = Event.Parser.ParseFrom(value);
        stream = Stream ?? stream;
        Require.Same($"{tenant}/{stream}", Encoding.UTF8.GetString(key), "the key");
        Require.Same(tenant, actual.Tenant, "the tenant");
        Require.Same(receivedAtMs, actual.ReceivedAtMs, "the time of receipt");
        Require.Same(stream, actual.Stream, "the stream");
        if (Id is null) Require.That(Guid.TryParse(actual.Id, out var id) && id.Version is 7 or 8, $"the id given is '{actual.Id}'");
        else Require.Same(Id, actual.Id, "the id");
        Require.Same(Source, actual.Source, "the source");
        Require.Same(Type, actual.Type, "the type");
        Require.Same(TimeMs ?? receivedAtMs, actual.TimeMs, "the time");
        Require.Same(Geo, actual.Geo is { } geo ? (geo.Lat, geo.Lon) : null, "the position");
        Require.That(Data.AsSpan().SequenceEqual(actual.Data.Span), $"the data is '{actual.Data.ToStringUtf8()}' and should be '{Encoding.UTF8.GetString(Data)}'");
        Require.Same(string.Join('\n', Dims), string.Join('\n', new SortedDictionary<string, string>(actual.Dims, StringComparer.Ordinal)), "dims");
        Require.That(Values.Count == actual.Values.Count, "the number of values differs");
        foreach (var (name, number) in Values)
            Require.That(actual.Values.TryGetValue(name, out var got) && got.Equals(number) && double.IsNegative(got) == double.IsNegative(number), $"the value {name} differs");
        InPlace(value, actual);
    }

    /// <summary>Checks that the services' reading in place agrees with Google's library.</summary>
    public static void InPlace(ReadOnlySpan<byte> value, Event wanted)
    {
        Require.That(EventView.TryParse(value, out var view), "what stands on the log can't be read in place");
        Require.Same(wanted.Id, Text(view.Id), "the id in place");
        Require.Same(wanted.Source, Text(view.Source), "the source in place");
        Require.Same(wanted.Stream, Text(view.Stream), "the stream in place");
        Require.Same(wanted.Type, Text(view.Type), "the type in place");
        Require.Same(wanted.Tenant, Text(view.Tenant), "the tenant in place");
        Require.Same((wanted.TimeMs, wanted.ReceivedAtMs), (view.TimeMs, view.ReceivedAtMs), "times in place");
        Require.Same(wanted.Geo is { } geo ? (geo.Lat, geo.Lon) : default((double, double)?), view.HasGeo ? (view.Lat, view.Lon) : null, "the position in place");
        Require.That(view.Data.SequenceEqual(wanted.Data.Span), "the data in place differs");
        var dims = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var dim in view.Dims) dims[Text(dim.Name)] = Text(dim.Value);
        Require.Same(string.Join('\n', new SortedDictionary<string, string>(wanted.Dims, StringComparer.Ordinal)), string.Join('\n', dims), "dims in place");
        var values = 0;
        foreach (var number in view.Values)
        {
            Require.That(wanted.Values.TryGetValue(Text(number.Name), out var got) && got.Equals(number.Value), "a value in place differs");
            values++;
        }

        Require.Same(wanted.Values.Count, values, "the number of values in place");
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
