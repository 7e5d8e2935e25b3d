using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Millrace.Security.Tests.Support;
using Millrace.Testing;

namespace Millrace.Security.Tests.Isolation;

/// <summary>One of everything that a tenant can have, all of it named by a marker, made through the API.</summary>
internal sealed class AlicesThings
{
    /// <summary>Stands in everything of Alice's, and in nothing of anybody else's.</summary>
    public const string Marker = "marker-of-alice";

    private static readonly ConditionalWeakTable<RunningMillrace, Task<AlicesThings>> Made = [];

    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>The id of Alice's thing for the path of an endpoint.</summary>
    public string IdFor(string pattern) => _ids.First(thing => pattern.StartsWith(thing.Key + "/{id}", StringComparison.Ordinal)).Value;

    /// <summary>Makes them once and waits until all can be seen by Alice.</summary>
    public static Task<AlicesThings> OfAsync(RunningMillrace millrace) => Made.GetValue(millrace, MakeAsync);

    private static async Task<AlicesThings> MakeAsync(RunningMillrace millrace)
    {
        var things = new AlicesThings();
        const string Key = RunningMillrace.AliceKey;
        things._ids["/api/v1/keys"] = (string)(await millrace.OkAsync("POST", "/api/v1/keys", Key, $$"""{"name":"{{Marker}}","scopes":["read"]}"""))["id"]!;
        things._ids["/api/v1/receivers"] = (string)(await millrace.OkAsync(
            "POST", "/api/v1/receivers", Key, $$"""{"id":"{{Marker}}","name":"{{Marker}}","kind":"webhook","url":"http://127.0.0.1:9/{{Marker}}"}"""))["id"]!;
        things._ids["/api/v1/rules"] = (string)(await millrace.OkAsync(
            "POST",
            "/api/v1/rules",
            Key,
            $$"""{"id":"{{Marker}}","name":"{{Marker}}","kind":"threshold","stream":"{{Marker}}","receivers":["{{Marker}}"],"condition":{"value":"count","op":">=","threshold":1} }"""))["id"]!;
        await millrace.OkAsync(
            "POST", "/ingest", Key, $$"""{"values":{"v":1},"stream":"{{Marker}}"}""" + "\n" + $$"""{"stream":"{{Marker}}","{{Marker}}":1}""", "application/x-ndjson");
        things._ids["/api/v1/dead-letters"] = await FirstAsync(millrace, "/api/v1/dead-letters");
        things._ids["/api/v1/dead-letters/redrives"] = (string)(await millrace.OkAsync(
            "POST", "/api/v1/dead-letters/redrives", Key, $$"""{"ids":["{{things._ids["/api/v1/dead-letters"]}}"]}"""))["id"]!;
        things._ids["/api/v1/alerts"] = await FirstAsync(millrace, "/api/v1/alerts");
        things._ids["/api/v1/deliveries"] = await FirstAsync(millrace, "/api/v1/deliveries");
        // There is nothing to replay yet: an id that nobody has.
        things._ids["/api/v1/replays"] = Guid.CreateVersion7().ToString();
        return things;
    }

    private static async Task<string> FirstAsync(RunningMillrace millrace, string path)
    {
        JsonNode? found = null;
        await Eventually.TrueAsync(
            async () => (found = (await millrace.OkAsync("GET", path, RunningMillrace.AliceKey))["items"]!.AsArray().FirstOrDefault(item => item!.ToJsonString().Contains(Marker, StringComparison.Ordinal))) is not null,
            TimeSpan.FromSeconds(90),
            $"Alice has something in {path}");
        return (string)found!["id"]!;
    }
}
