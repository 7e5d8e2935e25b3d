using System.Data.Common;
using Millrace.Ports.Metadata;

namespace Millrace.Alerting.Tests.Support;

/// <summary>
/// The real database, until a crash is due: from a certain transaction on, before or after its commit, nothing works any more, as when the
/// process is killed there.
/// </summary>
internal sealed class CrashingDatabase(IMetadataDatabase inner) : IMetadataDatabase
{
    private int _left = int.MaxValue;
    private volatile bool _crashed;

    /// <summary>Whether the crash has come.</summary>
    public bool Crashed => _crashed;

    /// <summary>Crash at the transaction with this number, counted from now on, after its commit or before.</summary>
    public void CrashAt(int transaction, bool afterCommit)
    {
        AfterCommit = afterCommit;
        Volatile.Write(ref _left, transaction);
    }

    private bool AfterCommit { get; set; }

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) => _crashed ? throw Dead() : inner.OpenAsync(cancellationToken);

    public async Task<T> InTransactionAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_crashed) throw Dead();
        var now = Interlocked.Decrement(ref _left) == 0;
        if (now && !AfterCommit) _crashed = true;
        var result = await inner.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                var done = await work(connection, transaction, token);
                return now && !AfterCommit ? throw Dead() : done;
            },
            cancellationToken);
        if (!now) return result;
        _crashed = true;
        throw Dead();
    }

    public Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        _crashed ? throw Dead() : inner.MigrateAsync(module, migrations, cancellationToken);

    public ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken) =>
        _crashed ? throw Dead() : inner.NotifyAsync(channel, payload, cancellationToken);

    public IAsyncEnumerable<string> ListenAsync(string channel, CancellationToken cancellationToken) => inner.ListenAsync(channel, cancellationToken);

    private static InvalidOperationException Dead() => new("The process was killed.");
}
