using System.Text.Json.Nodes;

namespace Millrace.Deploy.Tests.Support;

/// <summary>Label selectors.</summary>
internal static class Selectors
{
    /// <summary>Whether labels answer to a selector; an empty one matches everything.</summary>
    public static bool Matches(JsonNode? selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Map("matchLabels").All(pair => labels.TryGetValue(pair.Key, out var value) && value == pair.Value)
        && selector.List("matchExpressions").All(expression => Holds(expression, labels));

    private static bool Holds(JsonNode expression, IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(expression.Text("key")!, out var value);
        var named = expression.List("values").Any(candidate => candidate.GetValue<string>() == value);
        return expression.Text("operator") switch
        {
            "In" => has && named,
            "NotIn" => !has || !named,
            "Exists" => has,
            "DoesNotExist" => !has,
            var other => throw new NotSupportedException(other),
        };
    }
}
