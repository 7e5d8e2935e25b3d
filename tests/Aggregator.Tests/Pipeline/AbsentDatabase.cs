using System.Data.Common;
using Millrace.Ports.Metadata;

namespace Millrace.Aggregator.Tests.Pipeline;

/// <summary>A database that can be away: transactions fail while it is.</summary>
internal sealed class AbsentDatabase(IMetadataDatabase inner) : IMetadataDatabase
{
    private int _refused;

    public bool Away { get; set; }

    public int Refused => Volatile.Read(ref _refused);

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public Task<T> InTransactionAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (!Away) return inner.InTransactionAsync(work, cancellationToken);
        Interlocked.Increment(ref _refused);
        throw new MetadataDatabaseException("The database is away.", retryable: true);
    }

    public Task MigrateAsync(string module, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken) =>
        inner.MigrateAsync(module, migrations, cancellationToken);

    public ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken) => inner.NotifyAsync(channel, payload, cancellationToken);

    public IAsyncEnumerable<string> ListenAsync(string channel, CancellationToken cancellationToken) => inner.ListenAsync(channel, cancellationToken);
}
