using System.Text;
using Google.Protobuf;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Formats;

public sealed class AllocationTests
{
    /// <summary>For the frame of the request; an event costs nothing.</summary>
    private const long AllowedBytes = 256;

    [Theory]
    [InlineData("ndjson")]
    [InlineData("array")]
    [InlineData("escapes")]
    [InlineData("no ids")]
    [InlineData("cloudevents")]
    [InlineData("protobuf")]
    public void Read_1000_events_allocates_no_more_than_a_request_does(string kind)
    {
        var (format, body) = Make(kind);
        var batch = new EventBatch();
        for (var round = 0; round < 20; round++) Assert.Equal(1000, Read(format, body, batch));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = Read(format, body, batch);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(1000, read);
        Assert.True(allocated <= AllowedBytes, $"1000 events allocated {allocated} bytes.");
    }

    private static int Read(BodyFormat format, byte[] body, EventBatch batch)
    {
        batch.Open(new RequestFrame("acme", Parsed.Now, null, TimeSpan.FromDays(7), TimeSpan.FromMinutes(5)), body.Length);
        Body.Read(format, body, batch);
        var read = batch.Records.Length;
        batch.Close();
        return read;
    }

    private static (BodyFormat Format, byte[] Body) Make(string kind)
    {
        static string Event(int i) =>
            $$"""{"time":{{Parsed.Now - i}},"type":"purchase","stream":"s{{i % 3}}","dims":{"session":"{{i}}","country":"DE","device":"mobile","browser":"firefox"},"values":{"amount":{{i}}.25},"id":"e-{{i}}"}""";
        static string Lines(Func<int, string> line, string separator) => string.Join(separator, Enumerable.Range(0, 1000).Select(line));
        return kind switch
        {
            "ndjson" => (BodyFormat.Ndjson, Encoding.UTF8.GetBytes(Lines(Event, "\n"))),
            "array" => (BodyFormat.Json, Encoding.UTF8.GetBytes("[" + Lines(Event, ",") + "]")),
            "escapes" => (BodyFormat.Ndjson, Encoding.UTF8.GetBytes(Lines(i => $$"""{"stream":"\u0073","dims":{"a\n\u00e9":"\ud83d\ude00{{i}}"},"values":{"v\u0041":1e-7} }""".Replace("\\n", "", StringComparison.Ordinal), "\n"))),
            "no ids" => (BodyFormat.Ndjson, Encoding.UTF8.GetBytes(Lines(_ => """{"stream":"s"}""", "\n"))),
            "cloudevents" => (BodyFormat.CloudEventBatch, Encoding.UTF8.GetBytes(
                "[" + Lines(i => $$"""{"specversion":"1.0","id":"{{i}}","source":"/s","type":"t","stream":"s","region":"eu","data":{"values":{"v":1},"more":[1]} }""", ",") + "]")),
            _ => (BodyFormat.Protobuf, new Contracts.Protos.EventBatch
            {
                Events = { Enumerable.Range(0, 1000).Select(i => new Contracts.Protos.Event { Id = $"{i}", Stream = "s", Dims = { ["a"] = "b" }, Values = { ["v"] = i } }) },
            }.ToByteArray()),
        };
    }
}
