using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Benchmarks.Overload;

/// <summary>What came back to one kind of tenant. Thread-safe.</summary>
internal sealed class Tally
{
    private readonly Lock _gate = new();
    private readonly List<double> _accepted = [];
    private readonly SortedDictionary<string, long> _answers = [];
    private long _events;
    private long _without;
    private long _retrySum;
    private long _retries;

    /// <summary>Events accepted.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Requests that were neither accepted nor refused: nobody knows what came of them.</summary>
    public long Unknown { get; private set; }

    /// <summary>Requests refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Refusals without <c>Retry-After</c>.</summary>
    public long WithoutRetryAfter => _without;

    public void Add(int status, int events, TimeSpan latency, TimeSpan? retryAfter)
    {
        lock (_gate)
        {
            var name = status.ToString(CultureInfo.InvariantCulture);
            _answers[name] = _answers.GetValueOrDefault(name) + 1;
            if (status == 202)
            {
                _events += events;
                _accepted.Add(latency.TotalMilliseconds);
                return;
            }

            Refused++;
            if (retryAfter is { } after) (_retrySum, _retries) = (_retrySum + (long)after.TotalSeconds, _retries + 1);
            else _without++;
        }
    }

    public void Fail(string what)
    {
        lock (_gate)
        {
            _answers[what] = _answers.GetValueOrDefault(what) + 1;
            Unknown++;
        }
    }

    public string Answers
    {
        get
        {
            lock (_gate) return string.Join(", ", _answers.Select(one => $"{one.Value} x {one.Key}"));
        }
    }

    /// <summary>Mean of <c>Retry-After</c> in seconds.</summary>
    public double MeanRetryAfter => _retries == 0 ? 0 : (double)_retrySum / _retries;

    /// <summary>All of it.</summary>
    public JsonObject ToJson()
    {
        lock (_gate)
        {
            return new JsonObject
            {
                ["accepted"] = new JsonArray([.. _accepted.Select(latency => (JsonNode)latency)]),
                ["answers"] = new JsonObject(_answers.Select(answer => KeyValuePair.Create(answer.Key, (JsonNode?)answer.Value))),
                ["events"] = _events,
                ["unknown"] = Unknown,
                ["refused"] = Refused,
                ["without"] = _without,
                ["retry_sum"] = _retrySum,
                ["retries"] = _retries,
            };
        }
    }

    /// <summary>Adds what another process counted.</summary>
    public void Add(JsonNode other)
    {
        lock (_gate)
        {
            _accepted.AddRange(other["accepted"]!.AsArray().Select(latency => (double)latency!));
            foreach (var (name, count) in other["answers"]!.AsObject()) _answers[name] = _answers.GetValueOrDefault(name) + (long)count!;
            _events += (long)other["events"]!;
            Unknown += (long)other["unknown"]!;
            Refused += (long)other["refused"]!;
            _without += (long)other["without"]!;
            _retrySum += (long)other["retry_sum"]!;
            _retries += (long)other["retries"]!;
        }
    }

    /// <summary>A quantile of the time from when a request was due to its acceptance, in milliseconds.</summary>
    public double Quantile(double quantile)
    {
        lock (_gate)
        {
            if (_accepted.Count == 0) return double.NaN;
            var sorted = _accepted.Order().ToArray();
            return sorted[Math.Min(sorted.Length - 1, (int)(quantile * sorted.Length))];
        }
    }
}
