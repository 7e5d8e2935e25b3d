using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Ledger;
using Millrace.Ingest.Tests.Requests;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Inbound;

public sealed class InboundTests
{
    private const string Topic0 = "Millrace:Ingest:Inbound:Topics:0:";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_of_every_form_become_events_of_the_topics_tenant_and_bad_ones_dead_letters()
    {
        await using var server = await StartAsync(Topic0 + "Tenant=shop", Topic0 + "Stream=orders");
        await ProduceAsync(server, """{"id":"plain","tenant":"evil"}""");
        await ProduceAsync(server, """{"id":"json","type":"sale","values":{"amount":1.5}}""");
        await ProduceAsync(
            server, """{"amount":2}""", ("ce_specversion", "1.0"), ("ce_id", "binary"), ("ce_source", "/till%201"), ("ce_type", "sale"), ("content-type", "application/json"));
        await ProduceAsync(
            server, """{"specversion":"1.0","id":"structured","source":"/t","type":"sale","stream":"tills"}""", ("Content-Type", "application/cloudevents+json; charset=utf-8"));
        await ProduceAsync(server, """[{"id":"a0"},{"id":"a1","time":"yesterday"}]""");
        await ProduceAsync(server, "not json");
        await ProduceAsync(server, "");
        await ProduceAsync(server, "<x/>", ("content-type", "application/xml"));

        var events = await EventsAsync(server, 4);
        Assert.Equal(
            ["a0 shop/orders event", "binary shop/orders sale", "json shop/orders sale", "structured shop/tills sale"],
            events.Select(e => $"{e.Event.Id} {e.Key} {e.Event.Type}").Order(StringComparer.Ordinal));
        Assert.Equal("/till%201", events.Single(e => e.Event.Id == "binary").Event.Source); // No percent-encoding on Kafka.
        Assert.All(events, e => Assert.Equal("shop", e.Event.Tenant));

        var letters = await LettersAsync(server, 5);
        Assert.Equal(
            ["empty_body", "invalid_json", "invalid_time", "unknown_field", "unsupported_media_type"], letters.Select(l => l.Letter.Code).Order(StringComparer.Ordinal));
        Assert.All(letters, l => Assert.Equal("shop", l.Letter.Tenant));
        Assert.Equal("not json", letters.Single(l => l.Letter.Code == "invalid_json").Letter.Original.ToStringUtf8());
        Assert.Matches("^millrace.inbound/[0-9]+/[0-9]+#1$", letters.Single(l => l.Letter.Code == "invalid_time").Origin);

        var ledger = server.Services.GetRequiredService<LedgerStore>();
        await Eventually.ValueAsync(
            async () => await ledger.ReadAsync("shop", Cancelled), counts => counts == new LedgerCounts { Received = 9, Rejected = 5, DeadLettered = 5 });
        await CommittedAsync(server, "millrace-ingest");
    }

    [Fact]
    public async Task Records_taken_in_again_after_a_lost_commit_have_the_same_ids_and_no_second_dead_letter()
    {
        using var directory = new TempDirectory();
        string[] settings = [Topic0 + "Tenant=shop", Topic0 + "Stream=orders", $"Millrace:EventLog:Directory={directory.File("log")}"];
        await using (var first = await StartAsync(settings))
        {
            for (var i = 0; i < 50; i++) await ProduceAsync(first, i % 5 == 0 ? "bad" : "{\"values\":{\"n\":" + i + "}}");
            await EventsAsync(first, 40);
            await LettersAsync(first, 10);
        }

        // Another group stands for an instance that takes over with nothing committed.
        await using var second = await StartAsync([.. settings, "Millrace:Ingest:Inbound:Group=taken-over"]);
        var events = await EventsAsync(second, 80);
        Assert.Equal(40, events.Select(e => e.Event.Id).Distinct().Count());
        Assert.All(events.GroupBy(e => e.Event.Id), same => Assert.Equal(2, same.Count()));
        Assert.All(events.GroupBy(e => e.Event.Id), same => Assert.Single(same.Select(e => e.Event.Values["n"]).Distinct()));
        Assert.All(events, e => Assert.Equal('8', e.Event.Id[14])); // UUID version 8: derived.
        await CommittedAsync(second, "taken-over");
        Assert.Equal(10, await second.EndAsync(Topics.DeadLetter));
    }

    [Fact]
    public async Task Appends_whose_answer_is_lost_are_repeated_without_a_second_dead_letter_and_the_commit_waits()
    {
        FlakyLog? flaky = null;
        await using var server = await IngestServer.StartAsync(
            services =>
            {
                var inner = services.Single(service => service.ServiceType == typeof(IEventLog));
                services.Remove(inner);
                services.AddSingleton<IEventLog>(provider => flaky = new FlakyLog((IEventLog)(inner.ImplementationFactory?.Invoke(provider)
                    ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
                services.AddKeyedSingleton(EventLogNames.Inbound, (provider, _) => provider.GetRequiredService<IEventLog>());
            },
            Topic0 + "Tenant=shop", Topic0 + "Stream=orders");
        flaky!.FailAfterAppending(Topics.DeadLetter, 2);
        await ProduceAsync(server, "bad");
        await ProduceAsync(server, """{"id":"good"}""");
        await EventsAsync(server, 1);
        await CommittedAsync(server, "millrace-ingest");
        Assert.Equal(1, await server.EndAsync(Topics.DeadLetter));

        flaky.FailAfterAppending(Topics.Events, 1);
        await ProduceAsync(server, """{"values":{"n":1}}""");
        var events = await EventsAsync(server, 3);
        Assert.Equal(2, events.Select(e => e.Event.Id).Distinct().Count()); // Twice on the log under one id: a duplicate for every reader.
        Assert.True(flaky.Failed >= 2);
    }

    [Fact]
    public async Task Token_in_a_header_names_the_tenant_and_records_without_a_good_one_are_refused()
    {
        await using var server = await StartAsync(Topic0 + "Tenant=shop", Topic0 + "TokenHeader=millrace-token", Topic0 + "Stream=orders");
        var issuer = server.Services.GetRequiredService<ITokenIssuer>();
        await ProduceAsync(server, """{"id":"e"}""", ("millrace-token", issuer.Issue("guest", "till", Scopes.Ingest, [], TimeSpan.FromHours(1))));
        await ProduceAsync(server, """{"id":"none"}""");
        await ProduceAsync(server, """{"id":"forged"}""", ("millrace-token", issuer.Issue("guest", "till", Scopes.Ingest, [], TimeSpan.FromHours(1)) + "x"));
        await ProduceAsync(server, """{"id":"reader"}""", ("millrace-token", issuer.Issue("guest", "till", Scopes.Read, [], TimeSpan.FromHours(1))));
        await ProduceAsync(server, """{"id":"key"}""", ("millrace-token", "bootstrap-key-of-the-tests"));

        var letters = await LettersAsync(server, 4);
        Assert.Equal(
            ["forbidden", "invalid_credential", "invalid_credential", "missing_credential"], letters.Select(l => l.Letter.Code).Order(StringComparer.Ordinal));
        Assert.All(letters, l => Assert.Equal("shop", l.Letter.Tenant));
        var only = Assert.Single(await EventsAsync(server, 1));
        Assert.Equal(("e", "guest/orders", "guest"), (only.Event.Id, only.Key, only.Event.Tenant));
    }

    [Fact]
    public async Task Used_up_quota_holds_the_topic_back_and_refuses_nothing()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(
            services => services.AddSingleton<TimeProvider>(time),
            Topic0 + "Tenant=shop", Topic0 + "Stream=orders", "Millrace:Quotas:Default:EventsPerSecond=1", "Millrace:Quotas:Default:BurstSeconds=1");
        for (var i = 0; i < 5; i++) await ProduceAsync(server, "{}");
        // Every advance pays for one event.
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return await server.EndAsync(Topics.Events) == 5;
        });
        Assert.Equal(0, await server.EndAsync(Topics.DeadLetter));
    }

    [Fact]
    public void Wrong_settings_are_named()
    {
        var options = new IngestOptions
        {
            Inbound =
            {
                Topics =
                {
                    new() { Tenant = "Not A Tenant", Stream = "UPPER" }, new() { Name = Topics.Events, Tenant = "a" }, new() { Name = Topics.Events, Tenant = "b" },
                },
            },
        };
        var failures = new Ingest.Inbound.InboundRules().Validate(null, options).Failures!.ToList();
        Assert.Equal(5, failures.Count);
        Assert.Contains(failures, failure => failure.Contains("the tenant of 'millrace.inbound' is 'Not A Tenant'", StringComparison.Ordinal));
        Assert.Contains(failures, failure => failure.Contains("the stream of 'millrace.inbound' is 'UPPER'", StringComparison.Ordinal));
        Assert.Contains(failures, failure => failure.Contains("'millrace.events' stands twice", StringComparison.Ordinal));
        Assert.Contains(failures, failure => failure.Contains("'millrace.events' is a topic of Millrace's own", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Topics_without_a_Kafka_to_read_them_from_stop_the_start()
    {
        var error = await Assert.ThrowsAsync<Hosting.StartException>(() => IngestServer.StartAsync(null, Topic0 + "Tenant=shop"));
        Assert.Contains("no Kafka is configured", error.Message, StringComparison.Ordinal);
    }

    private static Task<IngestServer> StartAsync(params string[] settings) => StartAsync(null, settings);

    private static Task<IngestServer> StartAsync(Action<IServiceCollection>? configure, params string[] settings) => IngestServer.StartAsync(
        services =>
        {
            services.AddKeyedSingleton(EventLogNames.Inbound, (provider, _) => provider.GetRequiredService<IEventLog>());
            configure?.Invoke(services);
        },
        settings);

    private static async Task ProduceAsync(IngestServer server, string value, params (string Name, string Value)[] headers) =>
        await server.Log.AppendAsync(
            Topics.Inbound,
            new[] { new LogRecord("k"u8.ToArray(), Encoding.UTF8.GetBytes(value), headers.Length == 0 ? null : headers.ToDictionary(h => h.Name, h => h.Value)) },
            default,
            Cancelled);

    private static async Task<List<(string Key, Event Event)>> EventsAsync(IngestServer server, int count) =>
        [.. (await server.ReadAsync(Topics.Events, count)).Select(record => (record.Key, Event.Parser.ParseFrom(record.Value)))];

    private static async Task<List<(string Origin, DeadLetter Letter)>> LettersAsync(IngestServer server, int count)
    {
        var letters = new List<(string, DeadLetter)>();
        await using var consumer = await server.Log.OpenConsumerAsync(Topics.DeadLetter, new LogConsumerOptions(), Cancelled);
        while (letters.Count < count)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(20), Cancelled);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries) letters.Add((entry.Headers![Headers.Inbound], DeadLetter.Parser.ParseFrom(entry.Value.Span)));
        }

        return letters;
    }

    private static async Task CommittedAsync(IngestServer server, string group)
    {
        var ends = (await server.Log.DescribeAsync(Topics.Inbound, Cancelled)).Partitions.Where(p => p.EndOffset > 0).ToList();
        await Eventually.ValueAsync(
            async () => await server.Log.GetCommittedAsync(Topics.Inbound, group, Cancelled),
            committed => ends.All(end => committed.GetValueOrDefault(end.Partition) == end.EndOffset));
    }
}
