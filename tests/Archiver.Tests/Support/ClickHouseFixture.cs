using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Adapters.ClickHouse;
using Millrace.Adapters.EmbeddedClickHouse;
using Millrace.Archiver.ClickHouse;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Support;

/// <summary>
/// One ClickHouse, a supervised child process, for all tests that need one, several at a time. They share its tables: each has a tenant of its own.
/// </summary>
public class ClickHouseFixture : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private IHost? _host;

    internal ClickHouseLocator Locate => _host!.Services.GetRequiredService<ClickHouseLocator>();

    internal IClickHouse ClickHouse => _host!.Services.GetRequiredService<IClickHouse>();

    public async ValueTask InitializeAsync()
    {
        var cache = Environment.GetEnvironmentVariable("MILLRACE_CACHE")
            ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "millrace");
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(cache, "chdb")), "libchdb is not in the cache; ./millrace build downloads it");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:EmbeddedClickHouse:Directory"] = _directory.Path,
            ["Millrace:EmbeddedClickHouse:Port"] = "0",
        });
        if (Environment.GetEnvironmentVariable("MILLRACE_TEST_LOG") is not null) builder.Logging.AddConsole();
        builder.Services.AddSingleton(TimeProvider.System).AddEmbeddedClickHouseAdapter(builder.Configuration).AddClickHouseAdapter(builder.Configuration);
        _host = builder.Build();
        await _host.StartAsync();
        await ClickHouse.PingAsync(CancellationToken.None);

        // A test may ask the tables before its own archiver has seen to them.
        var options = Options.Create(new ArchiverOptions { SyncParts = false });
        await new SchemaMigrator(ClickHouse, new Tables(options.Value.Schema), options, TimeProvider.System, NullLogger<SchemaMigrator>.Instance).RunAsync(CancellationToken.None);
    }

    /// <summary>A door to it of a test's own, and a client that goes through.</summary>
    internal (Doorway Door, IClickHouse ClickHouse) OpenDoor()
    {
        var locate = _host!.Services.GetRequiredService<ClickHouseLocator>();
        var door = new Doorway(async () => (await locate(CancellationToken.None)).Url.Port);
        var services = new ServiceCollection().AddSingleton<ClickHouseLocator>(async token =>
            await locate(token) with { Url = new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", door.Port).Uri });
        services.AddClickHouseAdapter(new ConfigurationBuilder().Build());
        return (door, services.BuildServiceProvider().GetRequiredService<IClickHouse>());
    }

    /// <summary>SIGKILL to the child; the supervisor starts another.</summary>
    internal async Task KillAsync()
    {
        var killed = 0;
        foreach (var process in Process.GetProcessesByName("dotnet").Where(IsOurs))
        {
            process.Kill();
            await process.WaitForExitAsync();
            killed++;
        }

        Assert.Equal(1, killed);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await ClickHouse.PingAsync(CancellationToken.None);
                return true;
            }
            catch (ClickHouseException)
            {
                return false;
            }
        });
    }

    /// <summary>Has ClickHouse's own parser read a statement; throws what it does not understand.</summary>
    internal Task ParseAsync(string statement) => ClickHouse.ExecuteAsync(new ClickHouseQuery("EXPLAIN AST " + statement), CancellationToken.None);

    /// <summary>The first column of a query's first row.</summary>
    internal async Task<string> ScalarAsync(string sql) =>
        (await ClickHouseRows.ReadAsync(ClickHouse, new ClickHouseQuery(sql), CancellationToken.None))[0][0].ToString();

    /// <summary>A query's rows, columns joined by blanks.</summary>
    internal async Task<IReadOnlyList<string>> RowsAsync(string sql) =>
        [.. (await ClickHouseRows.ReadAsync(ClickHouse, new ClickHouseQuery(sql), CancellationToken.None)).Select(row => string.Join(' ', row))];

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        _directory.Dispose();
    }

    // The child of this very process: others may run tests beside.
    private bool IsOurs(Process process)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/cmdline");
        return File.Exists(path) && File.ReadAllText(path).Contains(_directory.Path, StringComparison.Ordinal);
    }
}

/// <summary>Another one, for tests that kill it or change weeks of its tables as a whole.</summary>
public sealed class KilledClickHouseFixture : ClickHouseFixture;

/// <summary>Tests that kill ClickHouse, or change weeks of its tables, run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class KilledClickHouseTests : ICollectionFixture<KilledClickHouseFixture>
{
    public const string Name = "killed clickhouse";
}
