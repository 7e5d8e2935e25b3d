using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Adapters.Postgres;
using Millrace.Ports.Metadata;
using Millrace.Servers;

namespace Millrace.Databases;

/// <summary>A database of its own on the PostgreSQL server of the test project.</summary>
/// <param name="postgres">The server.</param>
public sealed class OnPostgres(PostgresFixture postgres) : MetadataUnderTest
{
    private string? _connectionString;

    /// <inheritdoc/>
    public override async ValueTask PrepareAsync() => _connectionString ??= await postgres.CreateDatabaseAsync();

    /// <inheritdoc/>
    public override void Add(IServiceCollection services, IConfiguration configuration)
    {
        var options = new PostgresOptions { ConnectionString = _connectionString ?? throw new InvalidOperationException("Prepare it first.") };
        services.AddSingleton<PostgresMetrics>();
        services.AddSingleton<IMetadataDatabase>(provider => new PostgresMetadataDatabase(
            Options.Create(options),
            provider.GetRequiredService<PostgresMetrics>(),
            TimeProvider.System,
            provider.GetRequiredService<ILogger<PostgresMetadataDatabase>>()));
    }
}
