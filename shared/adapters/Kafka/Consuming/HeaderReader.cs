using System.Text;
using Confluent.Kafka;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>Kafka's headers, which are bytes, as text. One thread.</summary>
internal sealed class HeaderReader
{
    // Half a byte sequence becomes the replacement character: foreign programs write what they like.
    private static readonly UTF8Encoding _text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    private LogHeaderDictionary? _last;
    private List<byte[]> _lastValues = [];

    /// <summary>The headers, or <see langword="null"/> when there are none. Of several with one name the last counts.</summary>
    public IReadOnlyDictionary<string, string>? Read(Headers? headers)
    {
        if (headers is null || headers.Count == 0) return null;
        if (_last is { } last && IsSame(last, headers)) return last;
        var pairs = new List<KeyValuePair<string, string>>(headers.Count);
        var values = new List<byte[]>(headers.Count);
        foreach (var header in headers)
        {
            var value = header.GetValueBytes() ?? [];
            values.Add(value);
            pairs.RemoveAll(pair => pair.Key == header.Key);
            pairs.Add(new KeyValuePair<string, string>(header.Key, _text.GetString(value)));
        }

        _lastValues = values;
        _last = new LogHeaderDictionary([.. pairs]);
        return _last;
    }

    /// <summary>Records of one request have the same: one instance serves them all.</summary>
    private bool IsSame(LogHeaderDictionary last, Headers headers)
    {
        if (last.Count != headers.Count || _lastValues.Count != headers.Count) return false;
        for (var i = 0; i < headers.Count; i++)
        {
            if (last.Pairs[i].Key != headers[i].Key || !_lastValues[i].AsSpan().SequenceEqual(headers[i].GetValueBytes())) return false;
        }

        return true;
    }
}
