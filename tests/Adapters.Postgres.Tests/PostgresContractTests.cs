using Millrace.Contract.Suites;
using Millrace.Ports.Metadata;
using Millrace.Servers;

namespace Millrace.Adapters.Postgres.Tests;

public sealed class PostgresContractTests(PostgresFixture postgres) : MetadataDatabaseContract
{
    private string? _connectionString;

    protected override async ValueTask<IMetadataDatabase> CreateAsync() =>
        Databases.Open(_connectionString ??= await postgres.CreateDatabaseAsync());
}
