using Millrace.Archiver.Replays;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Archiver.Progress;

/// <summary>The metadata database with the archiver's tables, made at the first use.</summary>
internal sealed class ArchiverDatabase(IMetadataDatabase database, TimeProvider time) : MigratedDatabase(database, MigrateAsync, time)
{
    private static async Task MigrateAsync(IMetadataDatabase database, CancellationToken cancellationToken)
    {
        await database.MigrateAsync(ArchiverSchema.Module, ArchiverSchema.Migrations, cancellationToken);
        await database.MigrateAsync(ReplaySchema.Module, ReplaySchema.Migrations, cancellationToken);
    }
}
