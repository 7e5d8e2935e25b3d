using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Ports.Metadata;

namespace Millrace.Databases;

/// <summary>
/// The metadata database that a test runs on, so that the same tests run on each: an abstract class takes one, and has a subclass for
/// <see cref="OnSqlite"/> and one for <see cref="OnPostgres"/>. All instances that a test opens share one database.
/// </summary>
public abstract class MetadataUnderTest
{
    /// <summary>Makes the database, empty, at the first call.</summary>
    public abstract ValueTask PrepareAsync();

    /// <summary>Registers the adapter. Its own waiting follows the real clock, for nobody moves the test's while a transaction is run again.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="configuration">Settings of the test.</param>
    public abstract void Add(IServiceCollection services, IConfiguration configuration);

    /// <summary>An instance of its own, as another process opens it.</summary>
    /// <param name="directory">Directory of the test.</param>
    public async ValueTask<IMetadataDatabase> OpenAsync(string directory)
    {
        await PrepareAsync();
        var settings = new Dictionary<string, string?> { ["Millrace:Metadata:File"] = Path.Combine(directory, "metadata.db") };
        var services = new ServiceCollection().AddLogging();
        Add(services, new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        // The container is the instance's own and goes with it.
        return services.BuildServiceProvider().GetRequiredService<IMetadataDatabase>();
    }
}
