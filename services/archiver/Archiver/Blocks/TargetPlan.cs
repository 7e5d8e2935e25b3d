namespace Millrace.Archiver.Blocks;

/// <summary>
/// Which of the tables a block's rows are meant for: all of them, or, when a block is written again after a crash, for each week (the tables'
/// partition) those that lack it. A bit stands for a table, see <see cref="Target"/>.
/// </summary>
internal sealed class TargetPlan
{
    /// <summary>Every table gets every row.</summary>
    public static readonly TargetPlan Everything = new(null);

    private readonly IReadOnlyDictionary<int, Target>? _byWeek;

    private TargetPlan(IReadOnlyDictionary<int, Target>? byWeek) => _byWeek = byWeek;

    /// <summary>Only these tables get the rows of these weeks; the rows of other weeks go nowhere.</summary>
    public static TargetPlan Of(IReadOnlyDictionary<int, Target> byWeek) => new(byWeek);

    /// <summary>Whether nothing is to be written.</summary>
    public bool IsEmpty => _byWeek is not null && _byWeek.Values.All(targets => targets == Target.None);

    /// <summary>Writes the byte of each row.</summary>
    public void Fill(Span<byte> bytes, ReadOnlySpan<long> times)
    {
        if (_byWeek is null)
        {
            bytes.Fill((byte)Target.All);
            return;
        }

        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)_byWeek.GetValueOrDefault(WeekOf(times[i]), Target.None);
    }

    /// <summary>The Monday of a time's week (UTC) in days since 1970, as ClickHouse's <c>toMonday</c> has it.</summary>
    public static int WeekOf(long timeMs)
    {
        var day = (int)Math.DivRem(timeMs, 86_400_000, out var rest);
        if (rest < 0) day--;
        // 1970-01-01 was a Thursday, three days after a Monday.
        return day - ((((day + 3) % 7) + 7) % 7);
    }
}

/// <summary>The tables that a block of events feeds, as bits.</summary>
[Flags]
internal enum Target : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The events themselves.</summary>
    Events = 1,

    /// <summary>Rollup by minute.</summary>
    Minute = 2,

    /// <summary>Rollup by hour.</summary>
    Hour = 4,

    /// <summary>Rollup by day.</summary>
    Day = 8,

    /// <summary>All four.</summary>
    All = 15,
}
