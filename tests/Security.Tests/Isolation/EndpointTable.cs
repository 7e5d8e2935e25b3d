using Millrace.Hosting.Authentication;

namespace Millrace.Security.Tests.Isolation;

/// <summary>What an endpoint is to strangers. Every endpoint must stand here: one line each.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Pattern">Route.</param>
/// <param name="Needs">The scope; <see langword="null"/> for what anybody may have.</param>
internal sealed record EndpointEntry(string Method, string Pattern, Scopes? Needs)
{
    /// <summary>What follows the path, such as a query string.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>The body of a request that its owner may make.</summary>
    public string? Body { get; init; }

    /// <summary>Its <c>{id}</c> is that of a thing of Alice's, which for anybody else is not there.</summary>
    public bool OfAThing { get; init; }

    /// <summary>Alice's answer holds her marker, so that an answer without it shows something.</summary>
    public bool Shows { get; init; }

    /// <summary>Not sent by Alice herself: it would take away what the others are tried on.</summary>
    public bool Ends { get; init; }
}

/// <summary>Every endpoint of Millrace.</summary>
internal static class EndpointTable
{
    private const string Rule = """{"name":"x","kind":"absence","stream":"s","condition":{"for":"5m"}}""";
    private const string Receiver = """{"name":"x","kind":"webhook","url":"http://127.0.0.1:9/"}""";

    public static readonly IReadOnlyList<EndpointEntry> Entries =
    [
        Public("/health"), Public("/health/live"), Public("/health/ready"), Public("/health/serving"), Public("/metrics"),
        // The credential is in the protocol's first message: see ChannelMatrixTests.
        Public("/connection/websocket"), Public("/connection/sse"), Public("/connection/uni_websocket"), Public("/connection/uni_sse"),
        new("GET", "/connection/uni_http_stream", null) { Suffix = "?cf_connect=nonsense" },
        new("POST", "/connection/http_stream", null), new("POST", "/connection/sse", null), new("POST", "/connection/uni_sse", null), new("POST", "/connection/uni_http_stream", null) { Body = "nonsense" },
        new("POST", "/emulation", null), // The session's secret is the credential.
        new("OPTIONS", "/connection/sse", null), new("OPTIONS", "/connection/http_stream", null), new("OPTIONS", "/connection/uni_sse", null),
        new("OPTIONS", "/connection/uni_http_stream", null), new("OPTIONS", "/emulation", null),
        new("POST", "/ingest", Scopes.Ingest) { Body = """{"stream":"s"}""" },
        new("GET", "/ws", Scopes.Read) { Suffix = "?stream=marker-of-alice" },
        new("GET", "/sse", Scopes.Read) { Suffix = "?stream=marker-of-alice", Shows = true },
        new("GET", "/api/v1/me", Scopes.None),
        new("GET", "/api/v1/streams", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/ledger", Scopes.Read),
        new("GET", "/api/v1/incidents", Scopes.Read),
        new("GET", "/api/v1/windows", Scopes.Read) { Suffix = "?stream=marker-of-alice", Shows = true },
        new("POST", "/api/v1/tokens", Scopes.None) { Body = "{}" },
        new("GET", "/api/v1/keys", Scopes.Admin) { Shows = true },
        new("POST", "/api/v1/keys", Scopes.Admin) { Body = """{"name":"x","scopes":["read"]}""" },
        new("DELETE", "/api/v1/keys/{id}", Scopes.Admin) { OfAThing = true, Ends = true },
        new("GET", "/api/v1/connections", Scopes.Admin),
        new("DELETE", "/api/v1/connections/{client}", Scopes.Admin) { Ends = true },
        new("GET", "/api/v1/rules", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/rules/{id}", Scopes.Read) { OfAThing = true, Shows = true },
        new("POST", "/api/v1/rules", Scopes.Write) { Body = Rule },
        new("PUT", "/api/v1/rules/{id}", Scopes.Write) { OfAThing = true, Ends = true, Body = Rule },
        new("DELETE", "/api/v1/rules/{id}", Scopes.Write) { OfAThing = true, Ends = true },
        new("POST", "/api/v1/rules/{id}/replays", Scopes.Read) { OfAThing = true, Ends = true, Body = """{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z"}""" },
        new("GET", "/api/v1/replays", Scopes.Read),
        new("POST", "/api/v1/replays", Scopes.Admin) { Body = "{}" },
        new("GET", "/api/v1/replays/{id}", Scopes.Read) { OfAThing = true, Ends = true },
        new("POST", "/api/v1/replays/{id}/cancel", Scopes.Admin) { OfAThing = true, Ends = true },
        new("DELETE", "/api/v1/replays/{id}", Scopes.Admin) { OfAThing = true, Ends = true },
        new("GET", "/api/v1/alerts", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/alerts/{id}", Scopes.Read) { OfAThing = true, Shows = true },
        new("POST", "/api/v1/alerts/{id}/ack", Scopes.Write) { OfAThing = true, Body = "{}" },
        new("POST", "/api/v1/alerts/{id}/unack", Scopes.Write) { OfAThing = true, Body = "{}" },
        new("POST", "/api/v1/alerts/{id}/snooze", Scopes.Write) { OfAThing = true, Body = """{"for":"5m"}""" },
        new("GET", "/api/v1/receivers", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/receivers/{id}", Scopes.Read) { OfAThing = true, Shows = true },
        new("POST", "/api/v1/receivers", Scopes.Write) { Body = Receiver },
        new("PUT", "/api/v1/receivers/{id}", Scopes.Write) { OfAThing = true, Ends = true, Body = Receiver },
        new("DELETE", "/api/v1/receivers/{id}", Scopes.Write) { OfAThing = true, Ends = true },
        new("GET", "/api/v1/deliveries", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/deliveries/{id}", Scopes.Read) { OfAThing = true, Shows = true },
        new("GET", "/api/v1/metrics", Scopes.Read) { Suffix = "?stream=marker-of-alice" },
        new("GET", "/api/v1/events", Scopes.Read) { Suffix = "?stream=marker-of-alice", Shows = true },
        new("POST", "/api/v1/query", Scopes.Read) { Body = """{"sql":"SELECT DISTINCT stream FROM events"}""", Shows = true },
        new("GET", "/api/v1/bi-credentials", Scopes.Admin),
        new("POST", "/api/v1/bi-credentials", Scopes.Admin) { Body = "{}" },
        new("DELETE", "/api/v1/bi-credentials", Scopes.Admin),
        new("GET", "/api/v1/dead-letters", Scopes.Read) { Shows = true },
        new("GET", "/api/v1/dead-letters/{id}", Scopes.Read) { OfAThing = true, Shows = true },
        new("POST", "/api/batch", Scopes.None) { Body = """{"commands":[{"history":{"channel":"tenant:alice:events:marker-of-alice","limit":5}}]}""" },
        new("POST", "/api/broadcast", Scopes.Write) { Body = """{"channels":["tenant:alice:alerts"],"data":1}""" },
        new("POST", "/api/channels", Scopes.Read) { Body = "{}" },
        new("POST", "/api/disconnect", Scopes.Admin) { Body = """{"user":"nobody"}""" },
        new("POST", "/api/history", Scopes.Read) { Body = """{"channel":"tenant:alice:metrics:marker-of-alice","limit":5}""" },
        new("POST", "/api/history_remove", Scopes.Admin) { Body = """{"channel":"tenant:alice:alerts"}""" },
        new("POST", "/api/info", Scopes.Read) { Body = "{}" },
        new("POST", "/api/presence", Scopes.Read) { Body = """{"channel":"tenant:alice:alerts"}""" },
        new("POST", "/api/presence_stats", Scopes.Read) { Body = """{"channel":"tenant:alice:alerts"}""" },
        new("POST", "/api/publish", Scopes.Write) { Body = """{"channel":"tenant:alice:alerts","data":1}""" },
        new("POST", "/api/refresh", Scopes.Admin) { Body = """{"user":"nobody"}""" },
        new("POST", "/api/subscribe", Scopes.Admin) { Body = """{"user":"nobody","channel":"tenant:alice:alerts"}""" },
        new("POST", "/api/unsubscribe", Scopes.Admin) { Body = """{"user":"nobody","channel":"tenant:alice:alerts"}""" },
        new("GET", "/api/v1/dead-letters/redrives", Scopes.Read),
        new("GET", "/api/v1/dead-letters/redrives/{id}", Scopes.Read) { OfAThing = true },
        new("POST", "/api/v1/dead-letters/redrives", Scopes.Write) { Body = "{}" },
        new("POST", "/api/v1/dead-letters/redrives/{id}/cancel", Scopes.Write) { OfAThing = true },
    ];

    private static EndpointEntry Public(string pattern) => new("GET", pattern, null);
}
