using System.Text.Json;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;

namespace Millrace.Alerting.Rules;

/// <summary>Turns the JSON of a rule into a checked one. The same way leads from the API and from the database.</summary>
internal sealed class RuleParser(IEnumerable<IRuleKind> kinds, IOptions<AlertingOptions> options)
{
    /// <summary>Severities, mildest first.</summary>
    public static readonly IReadOnlyList<string> Severities = ["info", "warning", "critical"];

    /// <summary>Labels that every alert gets by itself.</summary>
    public static readonly IReadOnlyList<string> OwnLabels = ["alertname", "severity", "stream", "type", "key"];

    private static readonly TimeSpan LongestFor = TimeSpan.FromDays(7);

    private readonly Dictionary<string, IRuleKind> _kinds = kinds.ToDictionary(kind => kind.Name, StringComparer.Ordinal);
    private readonly RuleLimits _limits = new(options.Value.Windows);

    /// <summary>Reads a rule; <see langword="null"/> when there are errors.</summary>
    /// <param name="json">The document.</param>
    /// <param name="tenant">Whose rule it is.</param>
    /// <param name="id">Its id; <see langword="null"/>: the document's, or a new one.</param>
    /// <param name="errors">Gets every bad field.</param>
    public Rule? Parse(JsonElement json, string tenant, string? id, FieldErrors errors)
    {
        if (JsonFields.Open(json, errors) is not { } fields) return null;
        var givenId = fields.Text("id", EntityId.MaxLength);
        if (givenId is not null && !EntityId.IsValid(givenId)) fields.Error("id", ErrorCodes.InvalidName, EntityId.Rule);
        if (givenId is not null && id is not null && givenId != id) fields.Error("id", ErrorCodes.BadRequest, "Is not the id in the path.");
        var name = fields.Text("name", 128, required: true);
        var enabled = fields.Flag("enabled") ?? true;
        var kind = fields.Choice("kind", _kinds.Keys, required: true);
        var stream = fields.Text("stream", EventLimits.StreamLength, required: true);
        if (stream is not null && !EntityId.IsValid(stream))
            fields.Error("stream", ErrorCodes.InvalidName, "Must match [a-z0-9][a-z0-9._-]{0,63}.");
        var type = fields.Text("type", EventLimits.NameLength);
        var key = fields.Text("key", 1024);
        var severity = fields.Choice("severity", Severities) ?? "warning";
        var labels = fields.Texts("labels", 32, 256, RefuseLabel);
        var annotations = fields.Texts("annotations", 32, 2048, RefuseAnnotation);
        var holdFor = fields.Duration("for", TimeSpan.Zero, LongestFor) ?? TimeSpan.Zero;
        var keep = fields.Duration("keep_firing_for", TimeSpan.Zero, LongestFor) ?? TimeSpan.Zero;
        var receivers = fields.List("receivers", 16, EntityId.MaxLength);
        var conditionFields = fields.Object("condition", required: true);
        ICondition? condition = null;
        if (conditionFields is not null && kind is not null)
        {
            condition = _kinds[kind].Parse(conditionFields, _limits);
            conditionFields.RejectOthers();
        }
        fields.RejectOthers("revision", "created_at", "updated_at", "updated_by");
        if (errors.Any || condition is null) return null;
        return new Rule
        {
            Id = id ?? givenId ?? EntityId.New(),
            Tenant = tenant,
            Name = name!,
            Enabled = enabled,
            Kind = kind!,
            Stream = stream!,
            Type = type,
            Key = key,
            Severity = severity,
            Labels = labels,
            Annotations = annotations,
            For = holdFor,
            KeepFiringFor = keep,
            Condition = condition,
            ConditionJson = conditionFields!.Element.Clone(),
            Receivers = receivers,
        };
    }

    private static string? RefuseLabel(string name)
    {
        if (OwnLabels.Contains(name)) return "Is set by Millrace itself.";
        var valid = name.Length is > 0 and <= 128 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        return valid ? null : "Must match [a-zA-Z_][a-zA-Z0-9_]{0,127}.";
    }

    private static string? RefuseAnnotation(string name) =>
        name.Length is > 0 and <= 128 ? null : "Must have 1 to 128 characters.";
}
