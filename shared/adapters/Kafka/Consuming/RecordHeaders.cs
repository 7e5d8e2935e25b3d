using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>A record's headers: one or two pairs as a rule, so a look through an array beats a hash table in time and space.</summary>
internal sealed class RecordHeaders(KeyValuePair<string, string>[] pairs) : IReadOnlyDictionary<string, string>
{
    public int Count => pairs.Length;

    public IReadOnlyList<KeyValuePair<string, string>> Pairs => pairs;

    public IEnumerable<string> Keys => pairs.Select(p => p.Key);

    public IEnumerable<string> Values => pairs.Select(p => p.Value);

    public string this[string key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"No header '{key}'.");

    public bool ContainsKey(string key) => TryGetValue(key, out _);

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

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)pairs).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => pairs.GetEnumerator();
}
