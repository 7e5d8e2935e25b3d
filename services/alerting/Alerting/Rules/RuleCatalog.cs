using Microsoft.Extensions.Logging;
using Millrace.Alerting.Storage;
using Millrace.Hosting.Workers;

namespace Millrace.Alerting.Rules;

/// <summary>All rules in memory, loaded anew when one changes anywhere.</summary>
internal sealed class RuleCatalog(RuleStore store, AlertingDatabase database, TimeProvider time, ILogger<RuleCatalog> logger) : Worker(time, logger)
{
    private readonly SemaphoreSlim _gate = new(1);
    private volatile RuleSet? _current;
    private (long, long, long) _version = (-1, 0, 0);

    /// <summary>The rules as they were last loaded; <see langword="null"/> before the first time.</summary>
    public RuleSet? Current => _current;

    /// <summary>Loads the rules if they changed.</summary>
    public async Task<RuleSet> RefreshAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var version = await store.VersionAsync(cancellationToken);
            if (_current is not null && version == _version) return _current;
            var rules = new RuleSet(await store.LoadAllAsync(cancellationToken));
            _version = version;
            return _current = rules;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await database.EnsureAsync(cancellationToken);
        await foreach (var _ in database.Raw.ListenAsync(AlertingSchema.RulesChannel, cancellationToken)) await RefreshAsync(cancellationToken);
    }
}

/// <summary>One state of all rules.</summary>
internal sealed class RuleSet(IReadOnlyList<Rule> rules)
{
    public IReadOnlyList<Rule> Rules { get; } = rules;

    public IReadOnlyDictionary<(string Tenant, string Id), Rule> ById { get; } = rules.ToDictionary(rule => (rule.Tenant, rule.Id));
}
