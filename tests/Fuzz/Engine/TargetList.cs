using System.Reflection;

namespace Millrace.Fuzz.Engine;

/// <summary>All targets there are.</summary>
internal static class TargetList
{
    private static readonly SortedDictionary<string, Func<Target>> _makers = Find();

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyCollection<string> Names => _makers.Keys;

    /// <summary>A new instance, for one thread.</summary>
    public static Target Make(string name) => _makers[name]();

    private static SortedDictionary<string, Func<Target>> Find()
    {
        var makers = new SortedDictionary<string, Func<Target>>(StringComparer.Ordinal);
        foreach (var type in Assembly.GetExecutingAssembly().GetTypes().Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(Target))))
        {
            using var target = (Target)Activator.CreateInstance(type)!;
            makers.Add(target.Name, () => (Target)Activator.CreateInstance(type)!);
        }

        return makers;
    }
}
