using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Servers;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Millrace.Adapters.Postgres.Tests;

/// <summary>Instances of the adapter, each with a pool of its own as another process has it.</summary>
internal static class Databases
{
    public static PostgresMetadataDatabase Open(string connectionString, Action<PostgresOptions>? configure = null)
    {
        var options = new PostgresOptions { ConnectionString = connectionString };
        configure?.Invoke(options);
        return new PostgresMetadataDatabase(
            Options.Create(options), new PostgresMetrics(), TimeProvider.System, NullLogger<PostgresMetadataDatabase>.Instance);
    }
}
