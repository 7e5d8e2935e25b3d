using System.Globalization;

namespace Millrace.Verify.Load;

/// <summary>
/// What one client sends: a pure function of seed and client. In a hundred events two are malformed, two late, three repeated (every other one with
/// other values than the first) and ten out of order by up to eight seconds.
/// </summary>
internal sealed class LoadPlan(int seed, int client, int tenants)
{
    /// <summary>Streams of a tenant.</summary>
    public const int Streams = 4;

    /// <summary>Types of events.</summary>
    public static int Types => _types.Length;

    private const int Remembered = 200;
    private static readonly string[] _types = ["view", "sale"];
    private readonly Random _random = new(HashOf(seed, client));
    private readonly List<PlannedEvent>[] _sent = [.. Enumerable.Range(0, tenants).Select(_ => new List<PlannedEvent>())];
    private int _events;

    /// <summary>Names of the streams.</summary>
    public static IReadOnlyList<string> StreamNames(string prefix) => [.. Enumerable.Range(0, Streams).Select(i => prefix + Text(i))];

    /// <summary>The next request.</summary>
    /// <param name="size">Events in it.</param>
    public PlannedBatch Next(int size)
    {
        var tenant = _random.Next(tenants);
        var compressed = _random.Next(4) == 0;
        var events = new PlannedEvent[size];
        for (var i = 0; i < size; i++) events[i] = Event(_sent[tenant]);
        return new PlannedBatch(tenant, compressed, events);
    }

    private PlannedEvent Event(List<PlannedEvent> sent)
    {
        var number = ++_events;
        var draw = _random.Next(100);
        var stream = Text(_random.Next(Streams));
        var type = _types[_random.Next(_types.Length)];
        var amount = _random.Next(1, 100);
        var id = string.Create(CultureInfo.InvariantCulture, $"{seed}-{client}-{number}");
        if (draw < 2) return new PlannedEvent(PlannedKind.Malformed, id, stream, type, 0, number, amount);
        if (draw < 5 && sent.Count > 0)
        {
            var first = sent[_random.Next(sent.Count)];
            return _random.Next(2) == 0
                ? first with { Kind = PlannedKind.Duplicate }
                : first with { Kind = PlannedKind.Duplicate, Amount = first.Amount + 1_000, Number = Unique(number) };
        }

        var planned = draw switch
        {
            < 7 => new PlannedEvent(PlannedKind.Late, id, stream, type, _random.Next(3_600_000, 100_000_000), Unique(number), amount),
            < 17 => new PlannedEvent(PlannedKind.Good, id, stream, type, _random.Next(200, 8_000), Unique(number), amount),
            _ => new PlannedEvent(PlannedKind.Good, id, stream, type, _random.Next(200), Unique(number), amount),
        };
        if (sent.Count == Remembered) sent.RemoveAt(0);
        sent.Add(planned);
        return planned;
    }

    // 64 clients at most: no two numbers are alike.
    private long Unique(int number) => number * 64L + client;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // HashCode's own is another one in every process.
    private static int HashOf(int seed, int client) => unchecked((seed * 486_187_739) ^ ((client + 1) * 16_777_619));
}
