using Microsoft.Extensions.Logging;
using Millrace.Hosting.Rules;
using Millrace.Hosting.Workers;

namespace Millrace.Archiver.Pipeline;

/// <summary>Knows the rules that the aggregator publishes: when an event is late, and when it is a duplicate.</summary>
internal sealed class RulesFollower(EventRulesStore store, TimeProvider time, ILogger<RulesFollower> logger) : Worker(time, logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _firstInterval = TimeSpan.FromMilliseconds(200);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile EventRules? _current;

    /// <inheritdoc/>
    public override string Name => "archiver-rules";

    /// <summary>The rules, once there are some.</summary>
    public async Task<EventRules> GetAsync(CancellationToken cancellationToken)
    {
        await _known.Task.WaitAsync(cancellationToken);
        return _current!;
    }

    /// <summary>Whether these rules are still the ones to judge by.</summary>
    public bool Hold(EventRules rules) => _current == rules;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var told = false; ;)
        {
            if (await store.FindAsync(cancellationToken) is { } found)
            {
                if (_current is { } before && before != found) Log.RulesChanged(logger, $"{before}", $"{found}");
                _current = found;
                _known.TrySetResult();
            }
            else if (!told)
            {
                told = true;
                Log.RulesMissing(logger);
            }

            await Task.Delay(_current is null ? _firstInterval : _interval, Time, cancellationToken);
        }
    }
}
