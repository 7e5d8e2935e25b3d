using System.Collections.Frozen;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// The functions, aggregate functions and table functions that a tenant may call: those that only compute from their arguments. Everything else is refused,
/// also what a later ClickHouse brings. The list is the resource <c>allowed-functions.txt</c>.
/// </summary>
internal static class FunctionAllowList
{
    private static readonly string[] _combinators =
    [
        "If", "Array", "Map", "SimpleState", "State", "Merge", "MergeState", "ForEach", "Distinct", "OrDefault", "OrNull", "Resample", "ArgMin", "ArgMax", "Null",
    ];

    private static readonly FrozenSet<string> _functions = Read("functions");
    private static readonly FrozenSet<string> _aggregates = Read("aggregates");
    private static readonly FrozenSet<string> _tableFunctions = Read("table functions");

    /// <summary>Whether a name may be called. Case does not matter: no refused name differs from an allowed one by case alone (a test sees to that).</summary>
    public static bool Allows(string name) =>
        _functions.Contains(name) || _tableFunctions.Contains(name) || AllowsAggregate(name);

    /// <summary>The names of one kind, for tests.</summary>
    internal static IReadOnlySet<string> Names(string kind) => kind switch
    {
        "functions" => _functions,
        "aggregates" => _aggregates,
        "table functions" => _tableFunctions,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Aggregate functions take suffixes, <c>sumIf</c>, <c>uniqStateForEach</c>, one after the other.</summary>
    private static bool AllowsAggregate(string name)
    {
        if (_aggregates.Contains(name)) return true;
        foreach (var combinator in _combinators)
        {
            if (name.Length > combinator.Length && name.EndsWith(combinator, StringComparison.OrdinalIgnoreCase) && AllowsAggregate(name[..^combinator.Length])) return true;
        }
        return false;
    }

    private static FrozenSet<string> Read(string kind)
    {
        using var stream = typeof(FunctionAllowList).Assembly.GetManifestResourceStream("allowed-functions.txt")
            ?? throw new InvalidOperationException("The list of functions is missing from the program.");
        using var reader = new StreamReader(stream);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var reading = false;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            if (line.StartsWith('[')) reading = line == $"[{kind}]";
            else if (reading) names.UnionWith(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        return names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }
}
