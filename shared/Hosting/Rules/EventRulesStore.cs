using System.Text.Json;
using Dapper;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Rules;

/// <summary>Where the aggregator publishes its <see cref="EventRules"/> and the archiver finds them: the metadata database. Thread-safe.</summary>
/// <param name="database">The database, with the tables of <see cref="Schema.HostingSchema"/>.</param>
public sealed class EventRulesStore(IMetadataDatabase database)
{
    private const string Setting = "events.rules";

    /// <summary>Publishes rules in place of those before.</summary>
    public async Task PublishAsync(EventRules rules, CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) == rules) return;
        await database.InTransactionAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO hosting_settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                new { name = Setting, value = JsonSerializer.Serialize(rules, EventRulesJson.Default.EventRules) },
                transaction,
                cancellationToken: token)),
            cancellationToken);
    }

    /// <summary>The rules that were published last; <see langword="null"/> before an aggregator has started for the first time.</summary>
    public async Task<EventRules?> FindAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var stored = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT value FROM hosting_settings WHERE name = @name", new { name = Setting }, cancellationToken: cancellationToken));
        return stored is null ? null : JsonSerializer.Deserialize(stored, EventRulesJson.Default.EventRules);
    }
}
