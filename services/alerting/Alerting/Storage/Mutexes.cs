using Millrace.Hosting.Schema;

namespace Millrace.Alerting.Storage;

/// <summary>
/// Work that one instance at a time does. Whoever holds a mutex gives it back when it is done; that of a process which was killed is free after
/// <see cref="HeldFor"/>. Clocks that differ can make two hold it at once, so the work must bear to be done twice.
/// </summary>
internal sealed class Mutexes(AlertingDatabase database, InstanceHeartbeat heartbeat)
{
    /// <summary>How long it is held at most.</summary>
    public static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(6);

    /// <summary>Takes a mutex, or holds it for longer.</summary>
    /// <returns>Whether it is this instance's now.</returns>
    public async Task<bool> TryTakeAsync(string name, CancellationToken cancellationToken) => await database.WriteAsync(
        sql => sql.ExecuteAsync(
            """
            INSERT INTO alerting_mutexes (name, holder, held_until) VALUES (@name, @Instance, @until)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
            WHERE alerting_mutexes.holder = excluded.holder OR alerting_mutexes.held_until <= @NowMs
            """,
            new { name, heartbeat.Instance, until = sql.NowMs + (long)HeldFor.TotalMilliseconds, sql.NowMs }),
        cancellationToken) > 0;

    /// <summary>Gives it back, with the work that it was held for.</summary>
    public Task GiveBackAsync(SqlScope sql, string name) => sql.ExecuteAsync(
        "DELETE FROM alerting_mutexes WHERE name = @name AND holder = @Instance", new { name, heartbeat.Instance });
}
