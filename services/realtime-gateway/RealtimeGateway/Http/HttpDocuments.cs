using System.Text.Json.Serialization;

namespace Millrace.RealtimeGateway.Http;

/// <summary>Body of <c>POST /api/v1/tokens</c>.</summary>
internal sealed record TokenRequest(
    [property: JsonPropertyName("ttl_seconds")] int? TtlSeconds, IReadOnlyList<string>? Channels, IReadOnlyList<string>? Scopes, string? Subject);

/// <summary>Answer of <c>POST /api/v1/tokens</c>.</summary>
internal sealed record TokenAnswer(string Token, DateTimeOffset ExpiresAt);

/// <summary>Body of <c>POST /api/v1/keys</c>.</summary>
internal sealed record KeyRequest(string? Name, IReadOnlyList<string>? Scopes);

/// <summary>A key in answers of <c>/api/v1/keys</c>; <c>key</c>, the clear text, only in the answer that makes it.</summary>
internal sealed record KeyAnswer(
    string Id,
    string Name,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RevokedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key);

/// <summary>Answer of <c>GET /api/v1/me</c>.</summary>
internal sealed record MeAnswer(
    string Tenant, string Subject, IReadOnlyList<string> Scopes, IReadOnlyList<string> Roles, string Kind, DateTimeOffset? ExpiresAt);

/// <summary>A stream in the answer of <c>GET /api/v1/streams</c>.</summary>
internal sealed record StreamAnswer(string Stream, DateTimeOffset LastSeenAt);

/// <summary>Answer of <c>GET /api/v1/ledger</c>.</summary>
internal sealed record LedgerAnswer(
    string Tenant, long Received, long Aggregated, long Late, long Duplicate, long Rejected, long DeadLettered, long Archived, long Pending);

/// <summary>An incident in the answer of <c>GET /api/v1/incidents</c>; <c>instance</c> and <c>audience</c> for operators only.</summary>
internal sealed record IncidentAnswer(
    string Id,
    string Service,
    string Kind,
    string Subject,
    string Step,
    string Cause,
    double? Peak,
    string PeakUnit,
    long Times,
    DateTimeOffset StartedAt,
    DateTimeOffset SeenAt,
    DateTimeOffset? EndedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Instance,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Audience);

/// <summary>A connection in the answer of <c>GET /api/v1/connections</c>.</summary>
internal sealed record ConnectionAnswer(
    string Client,
    string User,
    string Tenant,
    string Transport,
    string Format,
    DateTimeOffset Since,
    IReadOnlyList<string> Channels,
    long QueueBytes,
    bool Lagging,
    string Node);

/// <summary>A page of anything.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
