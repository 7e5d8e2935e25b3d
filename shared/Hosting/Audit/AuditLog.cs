using System.Data.Common;
using Dapper;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Audit;

/// <summary>Who changed what, kept in the metadata database. Refusals come in by <see cref="Authentication.IRefusalAudit"/>.</summary>
/// <param name="database">Holds the table.</param>
/// <param name="time">The clock.</param>
public sealed class AuditLog(IMetadataDatabase database, TimeProvider time)
{
    /// <summary>Longest detail that is kept, in characters; the rest is cut off.</summary>
    public const int DetailLength = 2000;

    private const string Insert =
        "INSERT INTO audit_log (id, at, tenant, actor, action, subject, detail) VALUES (@Id, @At, @Tenant, @Actor, @Action, @Subject, @Detail)";

    /// <summary>Adds an entry, durably.</summary>
    /// <param name="tenant">Tenant that it concerns.</param>
    /// <param name="actor">Who did it: <see cref="Authentication.Caller.Subject"/>.</param>
    /// <param name="action">What, as <c>noun.verb</c>, such as <c>rule.create</c>.</param>
    /// <param name="subject">Id of the thing.</param>
    /// <param name="detail">More, in a form that people can read; never a secret.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task WriteAsync(
        string tenant, string actor, string action, string subject, string? detail = null, CancellationToken cancellationToken = default) =>
        database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                await WriteAsync(connection, transaction, tenant, actor, action, subject, detail, token);
                return 0;
            },
            cancellationToken);

    /// <summary>Adds an entry inside the caller's transaction, so that a change and its entry stand or fall together.</summary>
    public Task WriteAsync(
        DbConnection connection,
        DbTransaction transaction,
        string tenant,
        string actor,
        string action,
        string subject,
        string? detail,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var now = time.GetUtcNow();
        var entry = new
        {
            Id = Guid.CreateVersion7(now).ToString(),
            At = now.ToUnixTimeMilliseconds(),
            Tenant = tenant,
            Actor = actor,
            Action = action,
            Subject = StoredText.Of(subject, DetailLength),
            Detail = detail is null ? null : StoredText.Of(detail, DetailLength),
        };
        return connection.ExecuteAsync(new CommandDefinition(Insert, entry, transaction, cancellationToken: cancellationToken));
    }

    /// <summary>A tenant's entries, newest first.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="before">Id of the last entry of the page before, or <see langword="null"/> for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(string tenant, string? before, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var rows = await connection.QueryAsync<(string Id, long At, string Tenant, string Actor, string Action, string Subject, string? Detail)>(
            new CommandDefinition(
                """
                SELECT id, at, tenant, actor, action, subject, detail FROM audit_log
                WHERE tenant = @tenant AND id < @before ORDER BY id DESC LIMIT @limit
                """,
                new { tenant, before = before ?? "g", limit }, // Ids are hexadecimal, so 'g' is after all of them.
                cancellationToken: cancellationToken));
        return [.. rows.Select(row => new AuditEntry(
            row.Id, DateTimeOffset.FromUnixTimeMilliseconds(row.At), row.Tenant, row.Actor, row.Action, row.Subject, row.Detail))];
    }
}

/// <summary>One line of the audit log.</summary>
/// <param name="Id">Time-ordered id (UUIDv7).</param>
/// <param name="At">When.</param>
/// <param name="Tenant">Which tenant it concerns; <c>-</c> when nobody knows.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What, as <c>noun.verb</c>.</param>
/// <param name="Subject">Id of the thing.</param>
/// <param name="Detail">More, for people.</param>
public sealed record AuditEntry(
    string Id, DateTimeOffset At, string Tenant, string Actor, string Action, string Subject, string? Detail);
