namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Keeps a feed of events below its limit, in named steps of a tenth each: <c>full</c>, <c>tenth</c>, <c>hundredth</c>, <c>thousandth</c>. An event is in
/// the sample or not by the hash of its id, so every instance picks the same ones. Time is log time.
/// </summary>
/// <param name="fullRate">Events a second that go out in full.</param>
internal sealed class EventSampler(int fullRate)
{
    // Seconds that a step down must have been enough before it is taken; steps up are taken at once.
    private const int CalmSeconds = 5;
    private static readonly string[] Names = ["full", "tenth", "hundredth", "thousandth"];
    private static readonly double[] Rates = [1, 0.1, 0.01, 0.001];
    private long _second;
    private int _seen;
    private int _calm;

    /// <summary>0 for everything, up to 3.</summary>
    public int Step { get; private set; }

    /// <summary>Its name.</summary>
    public string StepName => Names[Step];

    /// <summary>Share of the events that goes out.</summary>
    public double Rate => Rates[Step];

    /// <summary>Events of the last whole second, or of the current one when that is more.</summary>
    public int EventsPerSecond { get; private set; }

    /// <summary>The step below which it does not come, for another reason than the rate.</summary>
    public int LeastStep { get; set; }

    /// <summary>Lets time pass without an event.</summary>
    /// <param name="nowMs">Log time before which no further event will come.</param>
    /// <returns>Whether the step changed.</returns>
    public bool Advance(long nowMs)
    {
        var before = Step;
        Step = Math.Max(Step, LeastStep);
        var second = nowMs / 1000;
        if (second > _second)
        {
            EndSecond(second - _second);
            _second = second;
        }

        return Step != before;
    }

    /// <summary>Counts an event.</summary>
    /// <param name="loggedAtMs">Its log time.</param>
    /// <returns>Whether the step changed.</returns>
    public bool Count(long loggedAtMs)
    {
        var before = Step;
        var second = loggedAtMs / 1000;
        if (second != _second)
        {
            EndSecond(second - _second);
            _second = second;
        }

        _seen++;
        if (_seen * Rates[Step] > fullRate && Step < Rates.Length - 1)
        {
            Step++;
            _calm = 0;
        }

        EventsPerSecond = Math.Max(EventsPerSecond, _seen);
        return Step != before;
    }

    /// <summary>Whether the event with this id is in the sample.</summary>
    public bool Takes(ReadOnlySpan<byte> id) => Step == 0 || Hash(id) % 1000 < (uint)(Rate * 1000);

    private void EndSecond(long seconds)
    {
        EventsPerSecond = _seen;
        var enough = Step > LeastStep && _seen * Rates[Step - 1] <= fullRate * 0.7;
        _calm = enough ? _calm + (int)Math.Min(seconds, CalmSeconds) : 0;
        if (_calm >= CalmSeconds)
        {
            Step--;
            _calm = 0;
        }

        _seen = 0;
    }

    // FNV-1a: spread is all that is asked of it.
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var b in bytes) hash = (hash ^ b) * 16777619u;
        return hash ^ (hash >> 15);
    }
}
