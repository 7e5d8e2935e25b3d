using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Ingest.Letters;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Letters;

public abstract class LetterListTests(MetadataUnderTest metadata) : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Refused_events_are_listed_newest_first_with_reason_bytes_and_origin()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        await server.RefuseAsync(1, """{"id":"a","stream":"tills","time":1}""");
        await server.RefuseAsync(2, """{"id":"b","values":{"v\u0000":"x"}}""");
        await server.PostAsync([.. "{\"x\":\""u8, 0xFF, 0xFE, .. "\"}"u8], "application/json", "?stream=shop");
        var letters = await server.ListedAsync(3);
        await server.PostAsync("[{\"stream\":\"tills\"},{\"stream\":\"tills\",\"id\":\"c\",\"bad\":1}]"u8.ToArray(), "application/json; charset=utf-8", "");
        letters = await server.ListedAsync(4);

        Assert.Equal(["unknown_field", "invalid_utf8", "invalid_name", "time_too_old"], letters.Select(l => (string)l["reason"]!["code"]!));
        Assert.Equal(["tills", "shop", "shop", "tills"], letters.Select(l => (string?)l["stream"]));
        Assert.Equal(["c", null, "b", "a"], letters.Select(l => (string?)l["event_id"]));
        Assert.All(letters, l => Assert.Equal("dead", (string)l["status"]!));
        Assert.Equal(1, (int)letters[0]["origin"]!["index"]!);
        Assert.Equal("http", (string)letters[0]["origin"]!["kind"]!);
        Assert.Equal("application/json; charset=utf-8", (string)letters[0]["original"]!["content_type"]!);
        Assert.Equal("""{"id":"a","stream":"tills","time":1}""", (string)letters[3]["original"]!["text"]!);
        Assert.Null(letters[1]["original"]!["text"]);
        Assert.Equal([.. "{\"x\":\""u8, 0xFF, 0xFE, .. "\"}"u8], Convert.FromBase64String((string)letters[1]["original"]!["base64"]!));
        Assert.Equal("time", (string)letters[3]["reason"]!["field"]!);
        Assert.Equal(letters[3].ToJsonString(), (await server.LetterAsync(letters[3])).ToJsonString());
    }

    [Fact]
    public async Task List_is_paged_filtered_and_the_tenants_own()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        await server.RefuseAsync(20, [.. Enumerable.Range(0, 20).Select(i => i % 4 == 0 ? "nonsense" : "{\"id\":\"" + i + "\",\"stream\":\"s" + (i % 4) + "\",\"x\":1}")]);
        var all = await server.ListedAsync(20);
        Assert.Equal(all.Select(l => (string)l["received_at"]!).OrderDescending(StringComparer.Ordinal), all.Select(l => (string)l["received_at"]!));

        var paged = new List<string>();
        for (var cursor = ""; ;)
        {
            var page = await server.LettersAsync("?limit=3" + cursor);
            paged.AddRange(LetterServer.Items(page).Select(l => (string)l["id"]!));
            if (page["next"] is null) break;
            cursor = "&cursor=" + page["next"];
        }

        Assert.Equal(all.Select(l => (string)l["id"]!), paged);
        Assert.Equal(5, (await server.ListedAsync(5, "&code=invalid_json")).Count);
        Assert.Equal(5, (await server.ListedAsync(5, "&stream=s2")).Count);
        Assert.Empty(await server.ListedAsync(0, "&stream=s2&code=invalid_json"));
        Assert.Empty(await server.ListedAsync(0, "&status=redriven"));
        Assert.Equal(20, (await server.ListedAsync(20, "&status=dead")).Count);
        var middle = (string)all[10]["received_at"]!;
        var younger = await server.LettersAsync("?limit=500&from=" + middle);
        var older = await server.LettersAsync("?limit=500&to=" + middle);
        Assert.Equal(20, LetterServer.Items(younger).Count + LetterServer.Items(older).Count);
        Assert.All(LetterServer.Items(older), l => Assert.True(string.CompareOrdinal((string)l["received_at"]!, middle) < 0));
        foreach (var bad in (string[])["?limit=0", "?limit=501", "?cursor=%21", "?from=yesterday", "?status=alive"]) await server.GetAsync("/api/v1/dead-letters" + bad, HttpStatusCode.BadRequest);

        var other = server.TokenOf("other", Scopes.Read);
        Assert.Empty(LetterServer.Items(await server.GetAsync("/api/v1/dead-letters", credential: other)));
        await server.GetAsync($"/api/v1/dead-letters/{all[0]["id"]}", HttpStatusCode.NotFound, other);
        await server.GetAsync("/api/v1/dead-letters", HttpStatusCode.Forbidden, server.TokenOf("acme", Scopes.Ingest));
    }

    [Fact]
    public async Task Restarted_service_lists_nothing_twice_and_goes_on()
    {
        List<JsonNode> before;
        await using (var first = await LetterServer.StartAsync(metadata, _directory))
        {
            await first.RefuseAsync(3, "one", "two", "three");
            before = await first.ListedAsync(3);
        }

        await using var second = await LetterServer.StartAsync(metadata, _directory);
        await second.RefuseAsync(4, "four");
        Assert.Equal(before.Select(l => l.ToJsonString()), (await second.ListedAsync(4)).Skip(1).Select(l => l.ToJsonString()));
    }

    [Fact]
    public async Task Large_event_is_cut_in_the_list_and_whole_by_itself()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory);
        var text = "{\"x\":\"" + new string('ä', 100_000) + "\"}";
        await server.RefuseAsync(1, text);
        var listed = Assert.Single(await server.ListedAsync(1));
        Assert.False((bool)listed["original"]!["complete"]!);
        Assert.Equal(LetterStore.ExcerptBytes, Convert.FromBase64String((string)listed["original"]!["base64"]!).Length);
        Assert.StartsWith((string)listed["original"]!["text"]!, text, StringComparison.Ordinal);
        var whole = await server.LetterAsync(listed);
        Assert.True((bool)whole["original"]!["complete"]!);
        Assert.Equal(text, (string)whole["original"]!["text"]!);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), (int)whole["original"]!["bytes"]!);
    }

    [Fact]
    public async Task List_holds_no_more_than_it_may_and_counts_what_it_drops()
    {
        await using var server = await LetterServer.StartAsync(metadata, _directory, null, "Millrace:Ingest:DeadLetters:MaxPerTenant=5", "Millrace:Ingest:DeadLetters:MaxBytesPerTenant=1048576");
        await server.RefuseAsync(5, "n0", "n1", "n2", "n3", "n4");
        for (var i = 5; i < 8; i++) await server.PostAsync(Encoding.UTF8.GetBytes("n" + i), "application/json", "");
        await Eventually.ValueAsync(async () => await server.LettersAsync(""), page => (long)page["dropped"]! == 3);
        Assert.Equal(["n7", "n6", "n5", "n4", "n3"], (await server.ListedAsync(5)).Select(l => (string)l["original"]!["text"]!));

        for (var i = 0; i < 3; i++) await server.PostAsync(Encoding.UTF8.GetBytes("{\"x\":\"" + new string('x', 500_000)), "application/json", "");
        await Eventually.ValueAsync(async () => await server.LettersAsync(""), page => (long)page["dropped"]! == 9 && LetterServer.Items(page).Count == 2);

        await server.Services.GetRequiredService<IMetadataDatabase>().InTransactionAsync(
            (connection, transaction, _) => connection.ExecuteAsync("UPDATE ingest_letters SET at = at - 2592000000", transaction: transaction), Cancelled);
        Assert.False(await server.Services.GetRequiredService<LetterIndex>().DropOldAsync(Cancelled));
        Assert.Empty(await server.ListedAsync(0));
        Assert.Equal(11, (long)(await server.LettersAsync(""))["dropped"]!);
    }
}

public sealed class LetterListOnSqliteTests() : LetterListTests(new OnSqlite());

public sealed class LetterListOnPostgresTests(PostgresFixture postgres) : LetterListTests(new OnPostgres(postgres));
