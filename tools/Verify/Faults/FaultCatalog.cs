using Millrace.Cli;
using Millrace.Hosting.Faults;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>All faults there are.</summary>
internal static class FaultCatalog
{
    /// <summary>By name.</summary>
    public static IReadOnlyList<IFault> All { get; } =
    [
        .. typeof(FaultCatalog).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(IFault)) && type.GetConstructor([]) is not null)
            .Select(type => (IFault)Activator.CreateInstance(type)!)
            .Concat(FaultPointNames.All.Select(name => new PointFault(name)))
            .Concat(DoorFault.All)
            .OrderBy(fault => fault.Name, StringComparer.Ordinal),
    ];

    /// <summary>Those that <c>--faults</c> names.</summary>
    /// <exception cref="UsageException">It names one that there is not.</exception>
    public static IReadOnlyList<IFault> Choose(string text)
    {
        if (text == "none") return [];
        if (text == "all") return All;
        return [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(name =>
        {
            var found = All.Where(fault => fault.Name == name || (name.EndsWith('*') && fault.Name.StartsWith(name[..^1], StringComparison.Ordinal))).ToList();
            return found.Count > 0 ? found : throw new UsageException($"there is no fault '{name}'; there are none, all, {string.Join(", ", All.Select(fault => fault.Name))}");
        })];
    }

    /// <summary>
    /// The order in which a seed has them: those that suit the target, shuffled, with what must be last at the end. A pure function of its arguments.
    /// </summary>
    public static IReadOnlyList<IFault> Order(IEnumerable<IFault> faults, ITarget target, int seed)
    {
        var suited = faults.Where(fault => fault.Suits(target)).ToArray();
        new Random(seed).Shuffle(suited);
        return [.. suited.Where(fault => !fault.IsLast), .. suited.Where(fault => fault.IsLast)];
    }
}
