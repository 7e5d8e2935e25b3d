using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Tests.Letters;

/// <summary>
/// The real log, until re-driven events are appended: then all of them, some or none become durable, and from there on nothing can be appended, as when
/// the process is killed there.
/// </summary>
/// <param name="durable">How many of the records become durable.</param>
internal sealed class CrashingLog(int durable) : IEventLog
{
    private IEventLog? _inner;

    /// <summary>Whether the crash has come.</summary>
    public bool Crashed { get; private set; }

    private IEventLog Inner => Crashed ? throw Dead() : _inner ?? throw new InvalidOperationException("It stands before no log.");

    public void StandBefore(IEventLog inner) => _inner = inner;

    public async ValueTask AppendAsync(string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        if (topic != Topics.Events || records.Span[0].Headers?.ContainsKey(Headers.Redrive) != true)
        {
            await Inner.AppendAsync(topic, records, positions, cancellationToken);
            return;
        }

        var some = records[..Math.Min(durable, records.Length)];
        if (some.Length > 0) await Inner.AppendAsync(topic, some, default, cancellationToken);
        Crashed = true;
        throw Dead();
    }

    public ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken) =>
        Inner.OpenConsumerAsync(topic, options, cancellationToken);

    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => Inner.DescribeAsync(topic, cancellationToken);

    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        Inner.FindOffsetAsync(topic, partition, appendedAtMs, cancellationToken);

    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken) =>
        Inner.GetCommittedAsync(topic, group, cancellationToken);

    public ValueTask DisposeAsync() => _inner?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static InvalidOperationException Dead() => new("The process was killed.");
}

/// <summary>Puts it before the log that is registered.</summary>
internal static class CrashingLogExtensions
{
    public static void Decorate(this IServiceCollection services, CrashingLog crash)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IEventLog) && !service.IsKeyedService);
        services.Remove(registered);
        services.AddSingleton<IEventLog>(provider =>
        {
            crash.StandBefore((IEventLog)(registered.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)));
            return crash;
        });
    }
}
