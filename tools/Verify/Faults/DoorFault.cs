using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>What can happen on the way to a server.</summary>
internal enum DoorFailure
{
    /// <summary>Never a value.</summary>
    Unset = 0,

    /// <summary>No connection stands, none is taken.</summary>
    Down = 1,

    /// <summary>Each piece of data waits.</summary>
    Slow = 2,

    /// <summary>Connections break in the middle of a request, and in the middle of an answer: what was asked for may be done.</summary>
    Cut = 3,

    /// <summary>Requests are answered with 503.</summary>
    Errors = 4,
}

/// <summary>Something happens on the way from the services to one of their servers.</summary>
internal sealed class DoorFault(string server, DoorFailure failure, Func<ServicesTarget, FaultyDoor> door) : IFault
{
    private static readonly TimeSpan _outage = TimeSpan.FromSeconds(6);

    // Objects are put every half a minute where little comes.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(45);

    /// <summary>Every server with everything that can happen on the way to it.</summary>
    public static IEnumerable<IFault> All { get; } =
    [
        .. Of("postgres", target => target.Cluster.PostgresDoor, DoorFailure.Down, DoorFailure.Slow, DoorFailure.Cut),
        .. Of("rabbitmq", target => target.Cluster.RabbitMqDoor, DoorFailure.Down, DoorFailure.Slow, DoorFailure.Cut),
        .. Of("s3", target => target.Cluster.ObjectDoor, DoorFailure.Down, DoorFailure.Slow, DoorFailure.Cut, DoorFailure.Errors),
        .. Of("clickhouse", target => target.Cluster.ClickHouseDoor, DoorFailure.Down, DoorFailure.Slow, DoorFailure.Cut, DoorFailure.Errors),
    ];

    public string Name => $"{server}-{failure switch { DoorFailure.Down => "down", DoorFailure.Slow => "slow", DoorFailure.Cut => "cut", _ => "errors" }}";

    public string Summary => failure switch
    {
        DoorFailure.Down => $"{server} can't be reached for {_outage.TotalSeconds:0} s",
        DoorFailure.Slow => $"each piece of data to and from {server} waits 50 ms for {_outage.TotalSeconds:0} s",
        DoorFailure.Cut => $"connections to {server} break in mid-request, then in mid-answer, five times each",
        _ => $"{server} answers twenty connections with 503",
    };

    public bool Suits(ITarget target) => target is ServicesTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var way = door((ServicesTarget)context.Target);
        switch (failure)
        {
            case DoorFailure.Down:
                way.IsDown = true;
                await FaultContext.LastAsync(_outage, cancellationToken);
                way.IsDown = false;
                break;
            case DoorFailure.Slow:
                way.Delay = TimeSpan.FromMilliseconds(50);
                await FaultContext.LastAsync(_outage, cancellationToken);
                way.Delay = TimeSpan.Zero;
                break;
            case DoorFailure.Cut:
                await CutAsync(context, way, cancellationToken);
                break;
            default:
                var refused = way.Refused;
                way.AnswerSlowDown(20);
                await FaultContext.LastAsync(_outage, cancellationToken);
                var met = await FaultContext.TryUntilAsync(() => way.Refused > refused, _patience, cancellationToken);
                way.AnswerSlowDown(0);
                if (!met) context.NotReached($"nobody asked {server} for anything within {(_outage + _patience).TotalSeconds:0} s");
                break;
        }
    }

    private async Task CutAsync(FaultContext context, FaultyDoor way, CancellationToken cancellationToken)
    {
        var before = way.Cuts;
        for (var i = 0; i < 10; i++)
        {
            var cuts = way.Cuts;
            var bytes = context.Random.Next(1, 20_000);
            if (i % 2 == 0) way.CutUploadAfter(bytes);
            else way.CutDownloadAfter(bytes % 500);
            // What nobody speaks to at the moment is not cut, and is not waited for long.
            await FaultContext.TryUntilAsync(() => way.Cuts > cuts, TimeSpan.FromSeconds(1.5), cancellationToken);
        }

        if (way.Cuts == before) way.CutUploadAfter(1);
        var met = await FaultContext.TryUntilAsync(() => way.Cuts > before, _patience, cancellationToken);
        way.CutUploadAfter(long.MaxValue);
        way.CutDownloadAfter(long.MaxValue);
        if (!met) context.NotReached($"nothing went to or from {server} that could be cut");
    }

    private static IEnumerable<IFault> Of(string server, Func<ServicesTarget, FaultyDoor> door, params DoorFailure[] failures) =>
        failures.Select(failure => new DoorFault(server, failure, door));
}
