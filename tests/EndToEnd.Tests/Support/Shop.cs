using System.Text.Json;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>Makes the load of the exactness test from a seed: good events, ten kinds of malformed ones, repetitions and events an hour late.</summary>
internal sealed class Shop(string stream, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<string> _sent = [];

    public int Good { get; private set; }

    public int Late { get; private set; }

    public int Duplicates { get; private set; }

    public int Malformed { get; private set; }

    public double Amount { get; private set; }

    public HashSet<string> GoodAndLateIds { get; } = [];

    /// <summary>A batch of lines and the indexes of its malformed ones.</summary>
    public (List<string> Lines, List<int> MalformedIndexes) Batch(int size)
    {
        var lines = new List<string>(size);
        var malformed = new List<int>();
        for (var i = 0; i < size; i++)
        {
            switch (_random.Next(100))
            {
                case 0:
                    malformed.Add(i);
                    lines.Add(MalformedLine(Malformed++));
                    break;
                case 1 when _sent.Count > 0:
                    Duplicates++;
                    lines.Add(_sent[_random.Next(_sent.Count)]);
                    break;
                case 2:
                    Late++;
                    lines.Add(Line(TimeSpan.FromHours(-1), out _));
                    break;
                default:
                    Good++;
                    var line = Line(TimeSpan.Zero, out var amount);
                    Amount += amount;
                    _sent.Add(line);
                    lines.Add(line);
                    break;
            }
        }

        return (lines, malformed);
    }

    private string Line(TimeSpan offset, out double amount)
    {
        var id = $"e-{seed}-{GoodAndLateIds.Count}";
        GoodAndLateIds.Add(id);
        amount = _random.Next(1, 100);
        var types = new[] { "purchase", "page_view", "refund" };
        return JsonSerializer.Serialize(new
        {
            id,
            stream,
            type = types[_random.Next(types.Length)],
            time = (TimeProvider.System.GetUtcNow() + offset).ToUnixTimeMilliseconds(),
            source = $"s{_random.Next(1000)}",
            dims = new { country = "DE", device = "mobile" },
            values = new { amount },
        });
    }

    private string MalformedLine(int n)
    {
        var now = TimeProvider.System.GetUtcNow();
        return (n % 10) switch
        {
            0 => "{\"stream\":\"" + stream + "\",",
            1 => "[1,2,3]",
            2 => $"{{\"stream\":\"No Such Name!\",\"values\":{{\"a\":1}}}}",
            3 => $"{{\"stream\":\"{stream}\",\"values\":{{\"a\":1e999}}}}",
            4 => $"{{\"stream\":\"{stream}\",\"values\":{{\"a\":\"text\"}}}}",
            5 => $"{{\"stream\":\"{stream}\",\"time\":\"{now.AddHours(1):O}\"}}",
            6 => $"{{\"stream\":\"{stream}\",\"time\":\"{now.AddDays(-30):O}\"}}",
            7 => $"{{\"stream\":\"{stream}\",\"id\":\"{new string('x', 200)}\"}}",
            8 => $"{{\"stream\":\"{stream}\",\"geo\":{{\"lat\":123,\"lon\":0}}}}",
            _ => $"{{\"stream\":\"{stream}\",\"type\":\"a\",\"type\":\"b\"}}",
        };
    }
}
