using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

#pragma warning disable CA5394 // Reproducible test data, no secrets.

public sealed class RoundTripTests
{
    private const int Rounds = 3000;

    [Fact]
    public void Random_events_come_out_of_every_format_as_they_went_in()
    {
        var random = new Random(7);
        for (var round = 0; round < Rounds; round++)
        {
            var sent = RandomEvents.Next(random);
            var expected = Expect(sent);
            Same(expected, Parsed.Of(BodyFormat.Json, RandomEvents.ToJson(sent, random)).Single);
            Same(expected, Parsed.Of(BodyFormat.Protobuf, new Contracts.Protos.EventBatch { Events = { sent } }.ToByteArray()).Single);
            if (sent.Source.Length == 0) continue;
            var cloudEvent = RandomEvents.ForCloudEvents(sent);
            Same(Expect(cloudEvent), Parsed.Of(BodyFormat.CloudEvent, RandomEvents.ToCloudEvent(cloudEvent, random)).Single);
        }
    }

    [Fact]
    public void Random_damage_never_throws_and_only_valid_json_is_accepted()
    {
        var random = new Random(11);
        for (var round = 0; round < Rounds * 3; round++)
        {
            var body = RandomEvents.ToJson(RandomEvents.Next(random), random);
            for (var hits = random.Next(1, 4); hits > 0; hits--) body = RandomEvents.Damage(body, random);
            var parsed = Parsed.Of(BodyFormat.Json, body);
            if (parsed.Events.Count == 0) continue;
            Assert.True(System.Text.Unicode.Utf8.IsValid(body));
            using var document = JsonDocument.Parse(body);
            Assert.True(document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Array);
        }
    }

    [Fact]
    public void Random_damage_to_protobuf_never_throws_and_what_is_accepted_can_be_read()
    {
        var random = new Random(13);
        for (var round = 0; round < Rounds * 3; round++)
        {
            var body = new Contracts.Protos.EventBatch { Events = { RandomEvents.Next(random), RandomEvents.Next(random) } }.ToByteArray();
            for (var hits = random.Next(1, 4); hits > 0; hits--) body = RandomEvents.Damage(body, random);
            // Parsed itself reads every accepted event with both readers and compares them.
            Parsed.Of(BodyFormat.Protobuf, body);
        }
    }

    [Fact]
    public void Number_is_the_double_that_the_framework_reads()
    {
        var random = new Random(17);
        for (var round = 0; round < 200_000; round++)
        {
            var text = RandomEvents.Number(random);
            var mine = JsonNumber.Parse(Encoding.UTF8.GetBytes(text));
            Assert.True(
                BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)) == BitConverter.DoubleToInt64Bits(mine), text);
        }
    }

    [Fact]
    public void Time_is_the_one_that_the_framework_reads()
    {
        var random = new Random(19);
        for (var round = 0; round < 100_000; round++)
        {
            var time = new DateTimeOffset(random.NextInt64(DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay), TimeSpan.Zero).ToOffset(TimeSpan.Zero);
            var offset = TimeSpan.FromMinutes(random.Next(-839, 840));
            if (time.Ticks + offset.Ticks < 0) continue;
            var text = time.ToOffset(offset).ToString("yyyy-MM-ddTHH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture);
            Assert.True(Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var ms), text);
            Assert.Equal(time.ToUnixTimeMilliseconds(), ms);
        }
    }

    private static ParsedEvent Expect(Event sent) => ParsedEvent.Of(
        Encoding.UTF8.GetBytes("acme/" + sent.Stream),
        new Event(sent) { Tenant = "acme", ReceivedAtMs = Parsed.Now, Type = sent.Type.Length > 0 ? sent.Type : "event" }.ToByteArray());

    private static void Same(ParsedEvent expected, ParsedEvent actual)
    {
        Assert.Equal(expected with { Dims = [], Values = [] }, actual with { Dims = [], Values = [] });
        Assert.Equal(expected.Dims.Order(), actual.Dims.Order());
        Assert.Equal(expected.Values.Order(), actual.Values.Order());
    }
}
