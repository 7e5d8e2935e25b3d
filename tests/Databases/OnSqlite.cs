using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.Sqlite;

namespace Millrace.Databases;

/// <summary>A SQLite file; the test's settings say where.</summary>
public sealed class OnSqlite : MetadataUnderTest
{
    /// <inheritdoc/>
    public override ValueTask PrepareAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override void Add(IServiceCollection services, IConfiguration configuration) => services.AddSqliteAdapter(configuration);
}
