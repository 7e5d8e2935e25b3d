using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.ClickHouse;
using Millrace.Hosting.Resilience;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.EmbeddedClickHouse.Tests;

/// <summary>A host with the two adapters, composed as a service composes them, on a data directory of its own.</summary>
public sealed class EmbeddedServer : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();

    public RecordedLog Log { get; } = new();

    public IHost Host { get; private set; } = null!;

    public IClickHouse Client => Host.Services.GetRequiredService<IClickHouse>();

    public ClickHouseLocator Locator => Host.Services.GetRequiredService<ClickHouseLocator>();

    public async ValueTask InitializeAsync()
    {
        TestEnvironment.RequireOrSkip(ChildProgram.FindLibrary() is not null, "libchdb.so is missing; ./millrace build downloads it");
        Host = Build([]);
        await Host.StartAsync();
    }

    /// <summary>A host with more settings, not started.</summary>
    public IHost Build(Dictionary<string, string?> more)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:EmbeddedClickHouse:Directory"] = _directory.File("clickhouse"),
            ["Millrace:EmbeddedClickHouse:Port"] = "0",
        });
        builder.Configuration.AddInMemoryCollection(more);
        builder.Logging.AddProvider(Log);
        builder.Services.AddEmbeddedClickHouseAdapter(builder.Configuration).AddClickHouseAdapter(builder.Configuration).AddClickHouseRetries(builder.Configuration);
        return builder.Build();
    }

    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.StopAsync();
            Host.Dispose();
        }
        _directory.Dispose();
    }
}

/// <summary>Keeps what was logged.</summary>
public sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly List<(int Id, string Text)> _lines = [];

    public IReadOnlyList<(int Id, string Text)> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines) _lines.Add((eventId.Id, formatter(state, exception)));
    }

    public void Dispose()
    {
    }
}
