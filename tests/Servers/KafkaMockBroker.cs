using System.Diagnostics;
using System.Globalization;

namespace Millrace.Servers;

/// <summary>
/// A Kafka cluster of the tests' own: librdkafka's mock cluster in a process of its own (tests/KafkaMock), on ports of 127.0.0.1, ready in under
/// a second. It speaks Kafka's protocol and keeps everything in memory, at most 5 MiB or 100,000 batches a partition; what it can't do
/// (transactions, creating topics by request, offsets by time) a real broker must show.
/// </summary>
public sealed class KafkaMockBroker : IAsyncDisposable
{
    private readonly Process _process;
    private readonly SemaphoreSlim _gate = new(1, 1);

    private KafkaMockBroker(Process process) => _process = process;

    /// <summary>What clients take for <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers { get; private set; } = "";

    /// <summary>Starts a cluster of three brokers.</summary>
    public static Task<KafkaMockBroker> StartAsync(CancellationToken cancellationToken) => StartAsync(3, cancellationToken);

    /// <summary>Starts a cluster.</summary>
    /// <param name="brokers">Number of brokers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<KafkaMockBroker> StartAsync(int brokers, CancellationToken cancellationToken)
    {
        // Beside the tests' own output: artifacts/bin/<project>/<configuration>.
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Millrace.KafkaMock", configuration, "Millrace.KafkaMock.dll"));
        var start = Commands.Describe(["dotnet", program, brokers.ToString(CultureInfo.InvariantCulture)], null);
        start.RedirectStandardInput = true;
        var broker = new KafkaMockBroker(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
        try
        {
            // Nobody reads it otherwise, and a full pipe would stop the cluster.
            var errors = broker._process.StandardError.ReadToEndAsync(CancellationToken.None);
            var line = await broker._process.StandardOutput.ReadLineAsync(cancellationToken);
            if (line?.Split(' ') is not ["ready", var servers]) throw new InvalidOperationException($"The mock Kafka did not start: {line}{await errors}");
            broker.BootstrapServers = servers;
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a topic; without it a topic gets four partitions when a client first asks for it.</summary>
    public Task CreateTopicAsync(string topic, int partitions, CancellationToken cancellationToken) =>
        ExecuteAsync($"topic {topic} {partitions.ToString(CultureInfo.InvariantCulture)}", cancellationToken);

    /// <summary>
    /// Creates Millrace's own topics, whose number of partitions the services do not leave to chance: the alerts' must be one.
    /// </summary>
    /// <param name="partitions">Partitions of events, windows, inbound events and publications.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CreateMillraceTopicsAsync(int partitions, CancellationToken cancellationToken)
    {
        foreach (var topic in (string[])["millrace.events", "millrace.windows", "millrace.inbound", "millrace.publications"])
            await CreateTopicAsync(topic, partitions, cancellationToken);
        foreach (var topic in (string[])["millrace.late", "millrace.dead-letter", "millrace.alerts", "millrace.presence"]) await CreateTopicAsync(topic, 1, cancellationToken);
    }

    /// <summary>Deletes a topic and all that it holds; when it is created again it has another id.</summary>
    public Task DeleteTopicAsync(string topic, CancellationToken cancellationToken) => ExecuteAsync($"delete-topic {topic}", cancellationToken);

    /// <summary>Deletes what lies before an offset of a partition, as retention does.</summary>
    public Task DeleteRecordsAsync(string topic, int partition, long before, CancellationToken cancellationToken) =>
        ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"delete-records {topic} {partition} {before}"), cancellationToken);

    /// <summary>Takes all brokers down: connections break and none is accepted. What they hold stays.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => ExecuteAsync("down", cancellationToken);

    /// <summary>Brings the brokers back on the same ports, with what they held.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) => ExecuteAsync("up", cancellationToken);

    /// <summary>Takes one broker down; its partitions keep it as their leader.</summary>
    /// <param name="broker">From 1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task StopAsync(int broker, CancellationToken cancellationToken) =>
        ExecuteAsync("down " + broker.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <summary>Brings one broker back.</summary>
    public Task StartAgainAsync(int broker, CancellationToken cancellationToken) =>
        ExecuteAsync("up " + broker.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <summary>Lets every answer of every broker wait; zero ends it.</summary>
    public Task DelayAsync(TimeSpan roundTrip, CancellationToken cancellationToken) =>
        ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"rtt {(int)roundTrip.TotalMilliseconds}"), cancellationToken);

    /// <summary>Lets the next requests of a kind fail.</summary>
    /// <param name="api">The protocol's number of the request: 0 produce, 1 fetch, 2 list offsets, 3 metadata, 8 commit, 11 join group, 14 sync group.</param>
    /// <param name="code">The protocol's number of the error, such as 7 for a time-out; -195 breaks the connection.</param>
    /// <param name="count">How many requests.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task FailAsync(int api, int code, int count, CancellationToken cancellationToken) =>
        ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"errors {api} {count} {code}"), cancellationToken);

    /// <summary>Forgets what is left of <see cref="FailAsync"/>.</summary>
    public Task ClearFailuresAsync(int api, CancellationToken cancellationToken) =>
        ExecuteAsync("clear " + api.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _gate.Dispose();
    }

    private async Task ExecuteAsync(string command, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(command.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
            var answer = await _process.StandardOutput.ReadLineAsync(cancellationToken);
            if (answer != "ok") throw new InvalidOperationException($"The mock Kafka answered '{answer}' to '{command}'.");
        }
        finally
        {
            _gate.Release();
        }
    }
}
