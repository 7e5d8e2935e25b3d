using System.Text.Json;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Rules.Kinds;

namespace Millrace.Alerting.Tests.Support;

/// <summary>Reads rules as the API does.</summary>
internal static class Parse
{
    private static readonly RuleParser Parser = new(
        [new ThresholdRule(), new AbsenceRule()],
        Options.Create(new AlertingOptions { WindowSizes = { TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5) } }));

    public static Rule Rule(string json)
    {
        var (rule, errors) = Try(json);
        return rule ?? throw new InvalidOperationException(string.Join("; ", errors.Select(error => $"{error.Field}: {error.Message}")));
    }

    /// <summary>A threshold rule on <c>shop</c> with a condition and further fields.</summary>
    public static Rule Threshold(string condition, string more = "") => Rule(
        $$"""{"id":"r","name":"rule","kind":"threshold","stream":"shop","condition":{{condition}}{{(more.Length > 0 ? "," + more : "")}}}""");

    /// <summary>An absence rule on <c>shop</c>.</summary>
    public static Rule Absence(string condition, string more = "") => Rule(
        $$"""{"id":"r","name":"rule","kind":"absence","stream":"shop","condition":{{condition}}{{(more.Length > 0 ? "," + more : "")}}}""");

    public static (Rule? Rule, IReadOnlyList<FieldError> Errors) Try(string json)
    {
        using var document = JsonDocument.Parse(json);
        var errors = new FieldErrors();
        return (Parser.Parse(document.RootElement, "acme", null, errors), errors.Items);
    }
}
