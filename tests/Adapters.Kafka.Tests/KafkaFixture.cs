using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Tests;
using Millrace.Servers;
using Xunit;

[assembly: AssemblyFixture(typeof(KafkaFixture))]

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>
/// The Kafka that tests share: the one of <c>MILLRACE_TEST_KAFKA</c> (bootstrap servers), or else librdkafka's mock cluster. Each test has a prefix, and so
/// topics and groups, of its own.
/// </summary>
public sealed class KafkaFixture : IAsyncDisposable
{
    private const string Variable = "MILLRACE_TEST_KAFKA";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly KafkaMetrics _metrics = new();
    private KafkaMockBroker? _mock;

    /// <summary>Bootstrap servers of a real Kafka, if there is one.</summary>
    public static string? RealServers => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } servers ? servers : null;

    /// <summary>Skips the test unless there is a real Kafka, which no machine without network has.</summary>
    [MemberNotNull(nameof(RealServers))]
    public static void RequireReal(string why)
    {
        if (RealServers is null) Assert.Skip($"{why}; set {Variable}=host:port to run it on a real broker.");
    }

    /// <summary>Bootstrap servers for the tests that any Kafka will do for.</summary>
    public async Task<string> GetServersAsync()
    {
        if (RealServers is { } real) return real;
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _mock ??= await KafkaMockBroker.StartAsync(TestContext.Current.CancellationToken);
            return _mock.BootstrapServers;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A prefix that no other test has, in this run or another.</summary>
    public static string NewPrefix() => $"t{Guid.NewGuid().ToString("N")[..12]}.";

    /// <summary>Opens a log.</summary>
    internal KafkaEventLog Open(string servers, string prefix, Action<KafkaOptions>? change = null, ILogger? logger = null)
    {
        var options = new KafkaOptions { BootstrapServers = servers, Prefix = prefix, Partitions = 4, WatchInterval = TimeSpan.FromMilliseconds(50) };
        change?.Invoke(options);
        return KafkaEventLog.Open(options, TimeProvider.System, _metrics, logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_mock is not null) await _mock.DisposeAsync();
        _metrics.Dispose();
        _gate.Dispose();
    }
}
