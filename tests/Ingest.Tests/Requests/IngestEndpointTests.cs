using System.Net;
using System.Text;
using Google.Protobuf;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Ingest.Tests.Formats;
using Xunit;

namespace Millrace.Ingest.Tests.Requests;

public sealed class IngestEndpointTests : IAsyncLifetime
{
    private IngestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IngestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Post_every_format_becomes_the_same_event()
    {
        var protobuf = new Contracts.Protos.EventBatch { Events = { new Event { Id = "e", Type = "t", Source = "s", Values = { ["v"] = 1.5 } } } }.ToByteArray();
        const string Json = """{"id":"e","type":"t","source":"s","values":{"v":1.5}}""";
        const string Cloud = """{"specversion":"1.0","id":"e","type":"t","source":"s","data":{"values":{"v":1.5}}}""";
        var answers = new[]
        {
            await _server.PostAsync(Json),
            await _server.PostAsync(Json, "application/json; charset=UTF-8"),
            await _server.PostAsync("\ufeff" + Json),
            await _server.PostAsync($"[{Json}]"),
            await _server.PostAsync(Json + "\n", "application/x-ndjson"),
            await _server.PostAsync(Json, "application/jsonl"),
            await _server.PostAsync(Cloud, "application/cloudevents+json; charset=utf-8"),
            await _server.PostAsync($"[{Cloud}]", "application/cloudevents-batch+json"),
            await _server.PostAsync(
                "{\"values\":{\"v\":1.5}}"u8.ToArray(), "application/json", headers: [("ce-specversion", "1.0"), ("ce-id", "e"), ("ce-type", "t"), ("ce-source", "s")]),
            await _server.PostAsync(protobuf, "application/x-protobuf"),
            await _server.PostAsync(IngestServer.Gzip(Encoding.UTF8.GetBytes(Json)), "application/json", coding: "gzip"),
            await _server.PostAsync(IngestServer.Brotli(Encoding.UTF8.GetBytes(Json)), "application/json", coding: "br"),
        };
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.Accepted, 1, 0), (a.Status, a.Accepted, a.Rejected.Count)));
        var records = await _server.ReadAsync(Topics.Events, answers.Length);
        var events = records.Select(r => ParsedEvent.Of(Encoding.UTF8.GetBytes(r.Key), r.Value)).ToList();
        Assert.All(events, e => Assert.Equal(("acme/shop", "acme", "e", "t", "s", "shop", ("v", 1.5)), (e.Key, e.Tenant, e.Id, e.Type, e.Source, e.Stream, e.Values.Single())));
        Assert.All(records, r => Assert.Null(r.TraceParent));
    }

    [Fact]
    public async Task Post_partly_good_batch_says_which_are_not_and_keeps_them()
    {
        const string Bad = """{"id":"b","values":{"v":1e999}}""";
        var answer = await _server.PostAsync($"{{\"id\":\"a\"}}\n{Bad}\nnonsense\n{{\"id\":\"c\"}}", "application/x-ndjson");
        Assert.Equal((HttpStatusCode.Accepted, 2), (answer.Status, answer.Accepted));
        Assert.Equal([(1, "b", "value_not_finite", "values.v"), (2, null, "invalid_json", "")], answer.Rejected);
        Assert.All(answer.Body["rejected"]!.AsArray(), r => Assert.False((bool)r!["retryable"]!));

        var letters = (await _server.ReadAsync(Topics.DeadLetter, 2)).Select(r => (r.Key, Letter: DeadLetter.Parser.ParseFrom(r.Value))).ToList();
        Assert.Equal(["acme", "acme"], letters.Select(l => l.Key));
        Assert.Equal([Bad, "nonsense"], letters.Select(l => l.Letter.Original.ToStringUtf8()));
        var letter = letters[0].Letter;
        Assert.Equal(
            ("acme", "value_not_finite", "values.v", 1, "b", "shop", "application/x-ndjson", (long)Bad.Length),
            (letter.Tenant, letter.Code, letter.Field, letter.Index, letter.Id, letter.Stream, letter.ContentType, letter.OriginalBytes));
        Assert.Equal((string)answer.Body["rejected"]![0]!["message"]!, letter.Message);
    }

    [Fact]
    public async Task Post_wholly_bad_batch_is_400_with_the_same_list()
    {
        var answer = await _server.PostAsync("""[{"id":"a","nope":1},{"id":"b","time":1}]""");
        Assert.Equal((HttpStatusCode.BadRequest, "nothing_accepted", 0), (answer.Status, answer.Code, answer.Accepted));
        Assert.Equal([(0, "a", "unknown_field", "nope"), (1, "b", "time_too_old", "time")], answer.Rejected);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal(2, (await _server.ReadAsync(Topics.DeadLetter, 2)).Count);
        Assert.Equal(0, await _server.EndAsync(Topics.Events));
    }

    [Fact]
    public async Task Post_refused_event_in_binary_mode_is_kept_in_structured_mode()
    {
        var answer = await _server.PostAsync("7"u8.ToArray(), "application/json", headers: [("ce-specversion", "1.0"), ("ce-id", "x")]);
        Assert.Equal([(0, "x", "invalid_cloudevent", "source")], answer.Rejected);
        var letter = DeadLetter.Parser.ParseFrom((await _server.ReadAsync(Topics.DeadLetter, 1))[0].Value);
        Assert.Equal("application/cloudevents+json", letter.ContentType);
        Assert.Equal("""{"id":"x","specversion":"1.0","datacontenttype":"application/json","data_base64":"Nw=="}""", letter.Original.ToStringUtf8());
    }

    [Fact]
    public async Task Post_oversized_event_is_kept_as_far_as_1_MiB()
    {
        var large = "{\"data\":\"" + new string('x', 2 << 20) + "\"}";
        var answer = await _server.PostAsync(large, "application/x-ndjson");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_large", "too_large"), (answer.Status, answer.Code, answer.Rejected.Single().Code));
        var letter = DeadLetter.Parser.ParseFrom((await _server.ReadAsync(Topics.DeadLetter, 1))[0].Value);
        Assert.Equal((large.Length, 1 << 20), (letter.OriginalBytes, letter.Original.Length));
        Assert.Equal(HttpStatusCode.Accepted, (await _server.PostAsync(large + "\n{}", "application/x-ndjson")).Status);
    }

    [Fact]
    public async Task Post_with_traceparent_puts_it_on_the_record()
    {
        const string Sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await _server.PostAsync("{}"u8.ToArray(), "application/json", headers: [("traceparent", Sent)]);
        var record = Assert.Single(await _server.ReadAsync(Topics.Events, 1));
        // The record's parent is the server's span, of the same trace.
        Assert.StartsWith(Sent[..36], record.TraceParent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_single_events_from_many_clients_at_once_are_all_there()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => _server.PostAsync($$"""{"id":"{{i}}","stream":"s{{i % 9}}"}""")));
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.Accepted, 1), (a.Status, a.Accepted)));
        var events = (await _server.ReadAsync(Topics.Events, 100)).Select(r => ParsedEvent.Of(Encoding.UTF8.GetBytes(r.Key), r.Value)).ToList();
        Assert.Equal(Enumerable.Range(0, 100), events.Select(e => int.Parse(e.Id)).Order());
        Assert.All(events, e => Assert.Equal($"acme/s{int.Parse(e.Id) % 9}", e.Key));
    }

    [Fact]
    public async Task Post_large_batches_at_once_are_all_there_and_nothing_stays_in_flight()
    {
        var bodies = Enumerable.Range(0, 16).Select(b => string.Join('\n', Enumerable.Range(0, 1000).Select(i => $$"""{"id":"{{b}}-{{i}}","data":"{{new string('d', i)}}"}"""))).ToList();
        var answers = await Task.WhenAll(bodies.Select(body => _server.PostAsync(body, "application/x-ndjson")));
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.Accepted, 1000), (a.Status, a.Accepted)));
        var events = (await _server.ReadAsync(Topics.Events, 16_000)).Select(r => ParsedEvent.Of(Encoding.UTF8.GetBytes(r.Key), r.Value)).ToList();
        Assert.Equal(16_000, events.DistinctBy(e => e.Id).Count());
        Assert.All(events, e => Assert.Equal(int.Parse(e.Id.Split('-')[1]) + 2, e.Data!.Length));
        Assert.Equal(0, _server.InFlightBytes);
    }
}
