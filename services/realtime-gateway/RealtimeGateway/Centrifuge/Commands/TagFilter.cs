using System.Globalization;

namespace Millrace.RealtimeGateway.Centrifuge.Commands;

/// <summary>A condition on the tags of a publication: a comparison, or several of them joined.</summary>
/// <param name="Op"><c>and</c>, <c>or</c>, <c>not</c>, or empty for a comparison.</param>
/// <param name="Key">Tag that is compared.</param>
/// <param name="Cmp">How: <c>eq neq in nin ex nex sw ew ct lt lte gt gte</c>.</param>
/// <param name="Val">With what.</param>
/// <param name="Vals">With which, for <c>in</c> and <c>nin</c>.</param>
/// <param name="Nodes">What is joined.</param>
internal sealed record TagFilter(string Op, string Key, string Cmp, string Val, IReadOnlyList<string> Vals, IReadOnlyList<TagFilter> Nodes)
{
    /// <summary>Deepest nesting that is taken.</summary>
    public const int MaxDepth = 8;

    /// <summary>Most conditions in one filter.</summary>
    public const int MaxNodes = 64;

    private static readonly string[] Comparisons = ["eq", "neq", "in", "nin", "ex", "nex", "sw", "ew", "ct", "lt", "lte", "gt", "gte"];

    /// <summary>Whether it makes sense.</summary>
    public bool IsValid() => IsValid(1) && CountNodes() <= MaxNodes;

    /// <summary>Whether a publication with these tags is wanted.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> tags) => Op switch
    {
        "and" => Nodes.All(n => n.Matches(tags)),
        "or" => Nodes.Any(n => n.Matches(tags)),
        "not" => !Nodes[0].Matches(tags),
        _ => Compare(tags.GetValueOrDefault(Key)),
    };

    /// <summary>The same for the same condition, so that those who ask for the same can share.</summary>
    public string Identity() => Op.Length == 0
        ? $"{Cmp}({Quote(Key)},{Quote(Val)},[{string.Join(',', Vals.Select(Quote))}])"
        : $"{Op}({string.Join(',', Nodes.Select(n => n.Identity()))})";

    private static string Quote(string text) => $"{text.Length}:{text}";

    // A tag that is not there is equal to nothing, greater than nothing, and not in any list.
    private bool Compare(string? value) => Cmp switch
    {
        "ex" => value is not null,
        "nex" => value is null,
        "neq" => !string.Equals(value, Val, StringComparison.Ordinal),
        "nin" => value is null || !Vals.Contains(value, StringComparer.Ordinal),
        _ when value is null => false,
        "eq" => string.Equals(value, Val, StringComparison.Ordinal),
        "in" => Vals.Contains(value, StringComparer.Ordinal),
        "sw" => value.StartsWith(Val, StringComparison.Ordinal),
        "ew" => value.EndsWith(Val, StringComparison.Ordinal),
        "ct" => value.Contains(Val, StringComparison.Ordinal),
        _ => decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var left)
            && decimal.TryParse(Val, NumberStyles.Float, CultureInfo.InvariantCulture, out var right)
            && Cmp switch { "lt" => left < right, "lte" => left <= right, "gt" => left > right, _ => left >= right },
    };

    private bool IsValid(int depth) => depth <= MaxDepth && Op switch
    {
        "" => Key.Length > 0 && Nodes.Count == 0 && Comparisons.Contains(Cmp),
        "and" or "or" => Nodes.Count > 0 && Nodes.All(n => n.IsValid(depth + 1)),
        "not" => Nodes.Count == 1 && Nodes[0].IsValid(depth + 1),
        _ => false,
    };

    private int CountNodes() => 1 + Nodes.Sum(n => n.CountNodes());
}
