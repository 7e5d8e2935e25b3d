using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Ledger;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Letters;

public abstract class RedriveTests(MetadataUnderTest metadata) : IDisposable
{
    private const string NoStream = """{"values":{"v":1}}""";
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Letters_of_every_format_come_in_again_and_those_refused_again_stay()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        await server.PostAsync(Encoding.UTF8.GetBytes(NoStream), "application/json", "");
        await server.PostAsync("[{\"id\":\"a0\"},{\"id\":\"a1\"}]"u8.ToArray(), "application/json", "");
        await server.PostAsync("{\"id\":\"l0\"}\n{\"id\":\"l1\"}"u8.ToArray(), "application/x-ndjson", "");
        await server.PostAsync("""[{"specversion":"1.0","id":"ce","source":"/s","type":"t"}]"""u8.ToArray(), "application/cloudevents-batch+json", "");
        await server.PostAsync("7"u8.ToArray(), "application/json", "", ("ce-specversion", "1.0"), ("ce-id", "bin"), ("ce-source", "/s"), ("ce-type", "t"));
        var proto = new EventBatch { Events = { new Event { Id = "pb", Values = { ["v"] = 2 } } } };
        await server.PostAsync(proto.ToByteArray(), "application/x-protobuf", "");
        await server.PostAsync("nonsense"u8.ToArray(), "application/json", "");
        await server.PostAsync([0x0A, 0x02, 0x0A], "application/x-protobuf", "");
        var letters = await server.ListedAsync(10);
        var receivedAt = DateTimeOffset.Parse((string)letters[^1]["received_at"]!, System.Globalization.CultureInfo.InvariantCulture);

        var redrive = await server.RedriveAsync("""{"all":true,"stream":"orders"}""");
        Assert.Equal(
            ("done", 10, 8, 2, 8), ((string)redrive["state"]!, (int)redrive["total"]!, (int)redrive["redriven"]!, (int)redrive["refused"]!, (int)redrive["events"]!));
        var events = await server.EventsAsync();
        Assert.Equal(8, events.Count);
        Assert.All(events, e => Assert.Equal("orders", e.Event.Stream));
        Assert.Equal(["a0", "a1", "bin", "ce", "l0", "l1", "pb"], events.Select(e => e.Event.Id).Where(id => id.Length < 10).Order(StringComparer.Ordinal));
        // Without an id it has one of its letter's, without a time that of its first receipt.
        var plain = events.Single(e => e.Event.Id.Length > 10);
        Assert.Equal('8', plain.Event.Id[14]);
        Assert.Equal(receivedAt.ToUnixTimeMilliseconds(), plain.Event.TimeMs);
        Assert.True(plain.Event.ReceivedAtMs > plain.Event.TimeMs);

        var dead = await server.ListedAsync(2, "&status=dead");
        Assert.All(dead, l => Assert.Equal(1, (int)l["attempts"]!));
        Assert.All(dead, l => Assert.Equal((string)redrive["id"]!, (string)l["last_attempt"]!["redrive_id"]!));
        Assert.Equal(["invalid_json", "invalid_protobuf"], dead.Select(l => (string)l["last_attempt"]!["refused"]!["code"]!).Order(StringComparer.Ordinal));
        Assert.All(await server.ListedAsync(8, "&status=redriven"), l => Assert.Null(l["last_attempt"]!["refused"]));

        // What is in again is not taken again.
        Assert.Equal(2, (int)(await server.RedriveAsync("""{"all":true}"""))["total"]!);
        Assert.Equal(8, (await server.EventsAsync()).Count);

        // The ledger: a refusal stays one, and what came in again was received again.
        var ledger = server.Services.GetRequiredService<LedgerStore>();
        await Eventually.ValueAsync(async () => await ledger.ReadAsync("acme", Cancelled), counts => counts == new LedgerCounts { Received = 18, Rejected = 10, DeadLettered = 10 });
        var audit = await server.Services.GetRequiredService<AuditLog>().ReadAsync("acme", null, 10, Cancelled);
        Assert.Contains(audit, e => e.Action == "dead_letters.redrive" && e.Subject == (string)redrive["id"]! && e.Detail == "all, 10 letters");
    }

    [Fact]
    public async Task Filter_ids_and_edited_events_mean_only_what_they_name()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        await server.RefuseAsync(4, """{"id":"x","stream":"s1","bad":1}""", """{"id":"y","stream":"s2","bad":1}""", """{"id":"z","stream":"s2","time":5}""", "junk");
        var letters = (await server.ListedAsync(4)).ToDictionary(l => (string?)l["event_id"] ?? "", StringComparer.Ordinal);

        var filtered = await server.RedriveAsync("""{"filter":{"stream":"s2","code":"unknown_field"}}""");
        Assert.Equal((1, 0, 1), ((int)filtered["total"]!, (int)filtered["redriven"]!, (int)filtered["refused"]!));
        Assert.Equal(1, (int)(await server.LetterAsync(letters["y"]))["attempts"]!);
        Assert.Equal(0, (int)(await server.LetterAsync(letters["x"]))["attempts"]!);

        // An edited event that is refused leaves the letter as it is, and says why beside it.
        await server.RedriveAsync("{\"id\":\"" + letters["x"]["id"] + "\",\"event\":{\"id\":\"x\",\"stream\":\"UPPER\"}}");
        var still = await server.LetterAsync(letters["x"]);
        Assert.Equal(("dead", "unknown_field"), ((string)still["status"]!, (string)still["reason"]!["code"]!));
        Assert.Equal((true, "invalid_name"), ((bool)still["last_attempt"]!["edited"]!, (string)still["last_attempt"]!["refused"]!["code"]!));

        await server.RedriveAsync("{\"id\":\"" + letters["x"]["id"] + "\",\"event\":{\"id\":\"x\",\"stream\":\"s1\",\"values\":{\"v\":3}}}");
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"id":"junk","stream":"s1"}"""));
        await server.RedriveAsync("{\"id\":\"" + letters[""]["id"] + "\",\"bytes\":\"" + bytes + "\"}");
        Assert.Equal(["junk", "x"], (await server.EventsAsync()).Select(e => e.Event.Id).Order(StringComparer.Ordinal));
        await server.PostJsonAsync(LetterServer.Redrives, "{\"id\":\"" + letters["x"]["id"] + "\",\"event\":{\"stream\":\"s1\"}}", HttpStatusCode.Conflict);

        var named = await server.RedriveAsync($$"""{"ids":["{{letters["x"]["id"]}}","{{letters["y"]["id"]}}"]}""");
        Assert.Equal((1, 1, 1), ((int)named["total"]!, (int)named["skipped"]!, (int)named["refused"]!));
        Assert.Equal(2, (await server.EventsAsync()).Count);
    }

    [Fact]
    public async Task Same_redrive_twice_is_one_and_bad_or_foreign_ones_are_refused()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        await server.PostAsync(Encoding.UTF8.GetBytes(NoStream), "application/json", "");
        var letter = Assert.Single(await server.ListedAsync(1));
        const string Body = """{"all":true,"stream":"orders"}""";
        var first = await server.RedriveAsync(Body, "key-1");
        var again = await server.PostJsonAsync(LetterServer.Redrives, Body, HttpStatusCode.OK, "key-1");
        Assert.Equal((string)first["id"]!, (string)again["id"]!);
        await server.PostJsonAsync(LetterServer.Redrives, """{"all":true}""", HttpStatusCode.Conflict, "key-1");
        Assert.Single(await server.EventsAsync());

        string[] bad =
        [
            "", "[]", "{}", "{\"all\":false}", "{\"all\":true,\"ids\":[\"a\"]}", "{\"ids\":[]}", "{\"ids\":[\"a b\"]}", "{\"filter\":{}}", "{\"filter\":{\"colour\":\"red\"}}",
            "{\"filter\":{\"from\":\"now\"}}", "{\"id\":\"a\"}", "{\"id\":\"a\",\"event\":{},\"bytes\":\"\"}", "{\"id\":\"a\",\"bytes\":\"?\"}",
            "{\"id\":\"a\",\"event\":{},\"content_type\":\"text/plain\"}", "{\"all\":true,\"stream\":\"UPPER\"}", "{\"all\":true,\"more\":1}", "{\"all\":true,\"all\":true}",
        ];
        foreach (var body in bad) await server.PostJsonAsync(LetterServer.Redrives, body, HttpStatusCode.BadRequest);
        await server.PostJsonAsync(LetterServer.Redrives, """{"ids":["nobody"]}""", HttpStatusCode.NotFound);

        var other = server.TokenOf("other", Scopes.Read | Scopes.Write);
        await server.PostJsonAsync(LetterServer.Redrives, $$"""{"ids":["{{letter["id"]}}"]}""", HttpStatusCode.NotFound, credential: other);
        await server.GetAsync($"{LetterServer.Redrives}/{first["id"]}", HttpStatusCode.NotFound, other);
        await server.PostJsonAsync($"{LetterServer.Redrives}/{first["id"]}/cancel", "", HttpStatusCode.NotFound, credential: other);
        await server.PostJsonAsync(LetterServer.Redrives, Body, HttpStatusCode.Forbidden, credential: server.TokenOf("acme", Scopes.Read));
        Assert.Single(LetterServer.Items(await server.GetAsync(LetterServer.Redrives)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public async Task Redrive_that_is_killed_between_publishing_and_saying_so_doubles_nothing(int durable)
    {
        JsonNode redrive;
        var crash = new CrashingLog(durable);
        await using (var first = await LetterServer.StartAsync(metadata, _directory, crash))
        {
            var body = string.Join('\n', Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? "{\"id\":\"" + i + "\"}" : NoStream)) + "\nnonsense";
            await first.PostAsync(Encoding.UTF8.GetBytes(body), "application/x-ndjson", "");
            await first.ListedAsync(9);
            redrive = await first.PostJsonAsync(LetterServer.Redrives, """{"all":true,"stream":"orders"}""");
            await Eventually.TrueAsync(() => crash.Crashed);
            Assert.Equal(9, (await first.ListedAsync(9, "&status=redriving")).Count);
        }

        await using var second = await LetterServer.StartAsync(metadata, _directory);
        redrive = await second.EndOfAsync(redrive);
        Assert.Equal((8, 1, 8), ((int)redrive["redriven"]!, (int)redrive["refused"]!, (int)redrive["events"]!));
        var events = await second.EventsAsync();
        Assert.Equal(8, events.Count);
        Assert.Equal(8, events.Select(e => e.Letter).Distinct().Count());
        Assert.Equal(8, events.Select(e => e.Event.Id).Distinct().Count());
        await second.ListedAsync(8, "&status=redriven");
    }

    [Fact]
    public async Task Cancelled_redrive_takes_no_more_letters()
    {
        // The quota holds it up for seconds before the second and the third letters that it takes.
        await using var server = await LetterServer.StartAsync(metadata, _directory, null, "Millrace:Quotas:Tenants:acme:EventsPerSecond=250", "Millrace:Quotas:Tenants:acme:BurstSeconds=4");
        await server.PostAsync(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 1100).Select(i => "{\"id\":\"" + i + "\"}"))), "application/x-ndjson", "");
        await Eventually.ValueAsync(async () => await server.LettersAsync("?limit=1&code=missing_field"), page => page["next"] is not null);
        var redrive = await server.PostJsonAsync(LetterServer.Redrives, """{"all":true,"stream":"orders"}""");
        await server.PostJsonAsync($"{LetterServer.Redrives}/{redrive["id"]}/cancel", "", HttpStatusCode.OK);
        redrive = await server.EndOfAsync(redrive);
        Assert.Equal("cancelled", (string)redrive["state"]!);
        Assert.InRange((int)redrive["redriven"]!, 0, 1000);
        Assert.Equal((int)redrive["redriven"]!, (await server.EventsAsync()).Count);
        await server.ListedAsync(0, "&status=redriving");
    }
}

public sealed class RedriveOnSqliteTests() : RedriveTests(new OnSqlite());

public sealed class RedriveOnPostgresTests(PostgresFixture postgres) : RedriveTests(new OnPostgres(postgres));
