using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Millrace.Hosting.Configuration;

/// <summary>Finds configuration keys that no property answers to, all of them, with the name that was probably meant.</summary>
internal static class UnknownKeys
{
    public static IEnumerable<string> Find(IConfigurationSection section, Type type)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var child in section.GetChildren())
        {
            var property = Array.Find(properties, candidate => string.Equals(candidate.Name, child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                yield return $"{child.Path} is not a setting{Suggest(child.Key, properties.Select(known => known.Name))}";
                continue;
            }

            foreach (var failure in FindInValue(child, property.PropertyType))
                yield return failure;
        }
    }

    /// <summary>", did you mean 'X'?" for the nearest known name, or only a full stop.</summary>
    public static string Suggest(string given, IEnumerable<string> known)
    {
        var nearest = known.Select(name => (Name: name, Distance: Distance(given, name))).OrderBy(candidate => candidate.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(2, given.Length / 3) ? $"; did you mean '{nearest.Name}'?" : ".";
    }

    private static IEnumerable<string> FindInValue(IConfigurationSection section, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsPrimitive || type.IsEnum || type == typeof(string))
            return [];
        if (ElementType(type) is { } element)
            return section.GetChildren().SelectMany(item => FindInValue(item, element));
        // Structures of the framework (TimeSpan, Uri, …) are bound from their text.
        return type.Namespace?.StartsWith(nameof(System), StringComparison.Ordinal) == true ? [] : Find(section, type);
    }

    private static Type? ElementType(Type type)
    {
        if (type.IsArray)
            return type.GetElementType();
        if (!typeof(IEnumerable).IsAssignableFrom(type) || !type.IsGenericType)
            return null;
        return type.GetGenericArguments()[^1];
    }

    // Levenshtein's edit distance, letter case apart.
    private static int Distance(string left, string right)
    {
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var current = new int[right.Length + 1];
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (same ? 0 : 1));
            }

            previous = current;
        }

        return previous[right.Length];
    }
}
