using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Alerting.Storage;

/// <summary>The metadata database with this service's tables, made at the first use.</summary>
internal sealed class AlertingDatabase(IMetadataDatabase database, TimeProvider time) : MigratedDatabase(database, AlertingSchema.EnsureAsync, time)
{
    /// <summary>Runs work in one transaction, again after a conflict.</summary>
    public async Task<T> WriteAsync<T>(Func<SqlScope, Task<T>> work, CancellationToken cancellationToken)
    {
        SqlScope? scope = null;
        var result = await InTransactionAsync(
            (connection, transaction, token) => work(scope = new SqlScope(connection, transaction, NowMs, token)), cancellationToken);
        scope?.Committed();
        return result;
    }
}
