namespace Millrace.Alerting.Evaluation;

/// <summary>What rules need of a window.</summary>
/// <param name="StartMs">Inclusive start, event time.</param>
/// <param name="EndMs">Exclusive end.</param>
/// <param name="Count">Events.</param>
/// <param name="DistinctSources">Estimated distinct sources.</param>
/// <param name="Values">Statistics of the named values.</param>
internal readonly record struct WindowSample(long StartMs, long EndMs, ulong Count, ulong DistinctSources, IReadOnlyList<ValueSample> Values)
{
    /// <summary>A window without events.</summary>
    public static WindowSample Empty(long startMs, long endMs) => new(startMs, endMs, 0, 0, []);

    /// <summary>The statistics of a value; <see langword="false"/> when no event of the window carried it.</summary>
    public bool TryGet(string name, out ValueSample value)
    {
        for (var i = 0; i < Values.Count; i++)
        {
            value = Values[i];
            if (value.Count > 0 && value.Name == name) return true;
        }
        value = default;
        return false;
    }
}

/// <summary>Statistics of one named value in a window.</summary>
internal readonly record struct ValueSample(
    string Name, ulong Count, double Sum, double Min, double Max, double Last, double P50, double P95, double P99);
