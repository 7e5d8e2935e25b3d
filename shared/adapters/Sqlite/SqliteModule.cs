using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Hosting.Configuration;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Sqlite;

/// <summary>The metadata database as one file.</summary>
public static class SqliteModule
{
    /// <summary>Makes a SQLite file the <see cref="IMetadataDatabase"/>, with the settings under <c>Millrace:Metadata</c>.</summary>
    public static IServiceCollection AddSqliteAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<SqliteOptions, SqliteOptionsValidator>(configuration, "Metadata");
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IMetadataDatabase, SqliteMetadataDatabase>();
        return services;
    }
}
