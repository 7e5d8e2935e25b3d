using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Rules;
using Millrace.Hosting.Workers;

namespace Millrace.Aggregator.Pipeline;

/// <summary>Tells when an aggregator with other settings has started beside this one: which of them judges an event would depend on who has its partition.</summary>
internal sealed class RulesWatch(EventRulesStore store, IOptions<AggregatorOptions> options, IncidentLog incidents, TimeProvider time, ILogger<RulesWatch> logger)
    : Worker(time, logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override string Name => "aggregator-rules";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var own = AggregatorOptionsRules.SettingsOf(options.Value).Rules;
        while (true)
        {
            await Task.Delay(_interval, Time, cancellationToken);
            // None: this one's first start has not come to publishing them.
            if (await store.FindAsync(cancellationToken) is { } published && published != own)
            {
                incidents.Open(new IncidentReport(
                    "aggregator", IncidentKinds.RulesDiffer, incidents.Instance, "",
                    "Another aggregator, started later, has other settings of lateness or duplicates. Give all of them the same and start them again."));
            }
            else incidents.Close("aggregator", IncidentKinds.RulesDiffer, incidents.Instance);
        }
    }
}
