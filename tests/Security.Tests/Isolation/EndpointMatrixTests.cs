using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Hosting.Authentication;
using Millrace.Security.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Security.Tests.Isolation;

/// <summary>Every endpoint × every kind of credential: what is Alice's, nobody else gets at.</summary>
[Collection(RunningCollection.Name)]
public sealed class EndpointMatrixTests(RunningMillrace millrace, ITestOutputHelper output)
{
    private static readonly string[] OneScope = ["ingest", "read", "write", "admin"];

    [Fact]
    public void Endpoint_of_every_service_stands_in_the_table_with_its_scope()
    {
        var running = Running();
        var table = EndpointTable.Entries.ToDictionary(entry => $"{entry.Method} {entry.Pattern}", entry => entry.Needs, StringComparer.Ordinal);
        Assert.Equal([], running.Keys.Except(table.Keys).Select(name => name + " is missing in EndpointTable: add a line that says what it needs").Order());
        Assert.Equal([], table.Keys.Except(running.Keys).Select(name => name + " is gone: remove its line").Order());
        Assert.Equal(running.OrderBy(pair => pair.Key, StringComparer.Ordinal), table.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Endpoint_gives_each_credential_what_it_may_have_and_no_more()
    {
        var things = await AlicesThings.OfAsync(millrace);
        var wrong = new List<string>();
        var tried = 0;
        // Hostile ones first: what Alice does herself may take things away.
        foreach (var entry in EndpointTable.Entries)
        {
            var path = entry.Pattern.Replace("{id}", entry.OfAThing ? things.IdFor(entry.Pattern) : "", StringComparison.Ordinal) + entry.Suffix;
            foreach (var (who, credential, expected) in Hostile(entry))
            {
                tried++;
                var (status, body) = await millrace.SendAsync(entry.Method, path, credential, entry.Body);
                if (!expected(status)) wrong.Add($"{entry.Method} {path} as {who}: {status} {body}");
                if (body.Contains(AlicesThings.Marker, StringComparison.Ordinal) && !IsEcho(entry, body)) wrong.Add($"{entry.Method} {path} as {who} shows what is Alice's: {body}");
            }
        }

        foreach (var entry in EndpointTable.Entries.Where(entry => !entry.Ends))
        {
            tried++;
            var path = entry.Pattern.Replace("{id}", entry.OfAThing ? things.IdFor(entry.Pattern) : "", StringComparison.Ordinal) + entry.Suffix;
            var (status, body) = await millrace.SendAsync(entry.Method, path, Tokens.Valid("alice"), entry.Body);
            if (status is 401 or 403 or 404 or >= 500) wrong.Add($"{entry.Method} {path} as Alice: {status} {body}");
            if (entry.Shows) await Eventually.TrueAsync(async () => await ShowsAsync(entry, path), what: $"Alice sees her own at {entry.Method} {path}");
        }

        output.WriteLine($"{tried} cases over {EndpointTable.Entries.Count} endpoints");
        Assert.Equal([], wrong);
        Assert.InRange(tried, 300, int.MaxValue);
    }

    private async Task<bool> ShowsAsync(EndpointEntry entry, string path) =>
        (await millrace.SendAsync(entry.Method, path, Tokens.Valid("alice"), entry.Body)).Body.Contains(AlicesThings.Marker, StringComparison.Ordinal);

    // Problem details name the path that was asked for, and what was sent; a list of channels those of the same stream name that Bob listened to.
    private static bool IsEcho(EndpointEntry entry, string body) => body.Contains("\"urn:millrace:error:", StringComparison.Ordinal)
        || (entry.Pattern == "/sse" && !body.Contains("\"count\"", StringComparison.Ordinal))
        || (entry.Pattern is "/api/channels" or "/api/v1/connections" && !body.Contains("tenant:alice:", StringComparison.Ordinal));

    private static IEnumerable<(string Who, string? Credential, Func<int, bool> Expected)> Hostile(EndpointEntry entry)
    {
        if (entry.Needs is not { } needs) yield break;
        yield return ("nobody", null, Unauthorized);
        yield return ("an empty credential", " ", Unauthorized);
        yield return ("an unknown key", "mk_alice_0000000000000000000000000000000000", Unauthorized);
        yield return ("Alice's key, one letter changed", RunningMillrace.AliceKey[..^1] + "x", Unauthorized);
        yield return ("Alice, expired", Tokens.Expired("alice"), Unauthorized);
        yield return ("Bob who wrote Alice into his token", Tokens.Tampered("bob", "alice"), Unauthorized);
        yield return ("a token without a signature", Tokens.Unsigned("alice"), Unauthorized);
        if (needs != Scopes.None)
        {
            var others = string.Join(' ', OneScope.Where(scope => scope != ScopeNames.Format(needs)));
            yield return ("Alice with all scopes but the one needed", Tokens.Valid("alice", others), status => status == 403);
        }

        // A thing of Alice's is not there for Bob; a list is his own.
        yield return ("Bob", Tokens.Valid("bob"), entry.OfAThing ? status => status == 404 : status => status is < 500 and not 401 and not 403);
    }

    [Fact]
    public async Task Other_tenant_in_the_query_is_refused_at_every_endpoint()
    {
        var things = await AlicesThings.OfAsync(millrace);
        var wrong = new List<string>();
        foreach (var entry in EndpointTable.Entries.Where(entry => entry.Needs is not null))
        {
            var path = entry.Pattern.Replace("{id}", entry.OfAThing ? things.IdFor(entry.Pattern) : "", StringComparison.Ordinal) + (entry.Suffix.Length > 0 ? entry.Suffix + "&" : "?") + "tenant=alice";
            var (status, body) = await millrace.SendAsync(entry.Method, path, Tokens.Valid("bob"), entry.Body);
            if (status != 403) wrong.Add($"{entry.Method} {path}: {status} {body}");
        }

        Assert.Equal([], wrong);
    }

    [Fact]
    public async Task Token_in_the_address_opens_nothing_that_changes_anything()
    {
        var wrong = new List<string>();
        foreach (var entry in EndpointTable.Entries.Where(entry => entry.Needs is not null && entry.Method != "GET"))
        {
            var (status, _) = await millrace.SendAsync(entry.Method, entry.Pattern.Replace("{id}", "x", StringComparison.Ordinal) + "?access_token=" + RunningMillrace.AliceKey, null, entry.Body);
            if (status != 401) wrong.Add($"{entry.Method} {entry.Pattern}: {status}");
        }

        Assert.Equal([], wrong);
    }

    private static bool Unauthorized(int status) => status == 401;

    private SortedDictionary<string, Scopes?> Running()
    {
        var running = new SortedDictionary<string, Scopes?>(StringComparer.Ordinal);
        foreach (var endpoint in millrace.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            if (IsDashboard(pattern)) continue;
            var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["any"];
            // Extended CONNECT is how HTTP/2 opens the WebSocket that GET opens.
            foreach (var method in methods.Where(method => method != "CONNECT")) running.Add($"{method} {pattern}", endpoint.Metadata.GetMetadata<RequiredScopes>()?.Scopes);
        }

        return running;
    }

    // The dashboard's files hold nobody's data.
    private static bool IsDashboard(string pattern) => !pattern.StartsWith("/api/", StringComparison.Ordinal)
        && (pattern == "/" || pattern.EndsWith("{**path}", StringComparison.Ordinal) || Path.GetExtension(pattern).Length > 0);
}
