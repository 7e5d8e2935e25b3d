using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Ports.EventLog;

/// <summary>A record's headers: one or two pairs as a rule, so a look through an array beats a hash table in time and space. For adapters.</summary>
/// <param name="pairs">Names and values, each name once; belongs to the instance from here on.</param>
public sealed class LogHeaderDictionary(KeyValuePair<string, string>[] pairs) : IReadOnlyDictionary<string, string>
{
    /// <inheritdoc/>
    public int Count => pairs.Length;

    /// <summary>Names and values in the order of the record.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs => pairs;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => pairs.Select(p => p.Key);

    /// <inheritdoc/>
    public IEnumerable<string> Values => pairs.Select(p => p.Value);

    /// <inheritdoc/>
    public string this[string key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"No header '{key}'.");

    /// <inheritdoc/>
    public bool ContainsKey(string key) => TryGetValue(key, out _);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        foreach (var pair in pairs)
        {
            if (!string.Equals(pair.Key, key, StringComparison.Ordinal)) continue;
            value = pair.Value;
            return true;
        }
        value = null;
        return false;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)pairs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => pairs.GetEnumerator();
}
