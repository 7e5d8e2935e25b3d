using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>NOTIFY and LISTEN. Payloads that are too long for PostgreSQL stand in a table for ten minutes.</summary>
internal sealed class PostgresNotifications(
    PostgresConnections connections, PostgresMigrations migrations, PostgresListener listener, TimeProvider time, ILogger logger)
{
    private const string Notify = "SELECT pg_notify(@Channel, @text)";
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    public async ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        if (channel.Contains('\n', StringComparison.Ordinal))
            throw new ArgumentException("A channel's name has one line.", nameof(channel));
        var text = NotificationText.Inline(channel, payload);
        try
        {
            if (NotificationText.Fits(text))
            {
                await using var connection = await connections.OpenCheckedAsync(cancellationToken);
                await connection.ExecuteAsync(new CommandDefinition(
                    Notify, new { PostgresListener.Channel, text }, cancellationToken: cancellationToken));
            }
            else
            {
                await StoreAsync(channel, payload, cancellationToken);
            }
        }
        catch (NpgsqlException e)
        {
            throw connections.Translate(e);
        }
    }

    public async IAsyncEnumerable<string> ListenAsync(string channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, listener.Disposed);
        using var subscription = listener.Subscribe(channel);
        while (true)
        {
            var content = await subscription.TakeAsync(stop.Token);
            yield return content == Subscription.Missed ? "" : await PayloadAsync(content, stop.Token);
        }
    }

    private async Task StoreAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        await migrations.PrepareAsync(cancellationToken);
        var at = time.GetUtcNow();
        var id = Guid.CreateVersion7(at).ToString();
        var now = at.ToUnixTimeMilliseconds();
        await using var connection = await connections.OpenCheckedAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            DELETE FROM metadata_payloads WHERE at < @old;
            INSERT INTO metadata_payloads (id, payload, at) VALUES (@id, @payload, @now);
            {Notify};
            """,
            new { id, payload, now, old = now - (long)Kept.TotalMilliseconds, PostgresListener.Channel, text = NotificationText.Stored(channel, id) },
            transaction,
            cancellationToken: cancellationToken));
        await transaction.CommitAsync(CancellationToken.None);
    }

    private async Task<string> PayloadAsync(string content, CancellationToken cancellationToken)
    {
        if (NotificationText.IsInline(content, out var payloadOrId))
            return payloadOrId;
        try
        {
            await using var connection = await connections.OpenCheckedAsync(cancellationToken);
            return await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
                "SELECT payload FROM metadata_payloads WHERE id = @payloadOrId", new { payloadOrId }, cancellationToken: cancellationToken)) ?? "";
        }
        catch (Exception e) when (e is NpgsqlException or MetadataDatabaseException)
        {
            Log.PayloadLost(logger, connections.Place, e);
            return "";
        }
    }
}
