using System.Text;

namespace Millrace.Cli.Load;

/// <summary>Makes NDJSON bodies of purchases.</summary>
internal sealed class LoadEvents(LoadSettings settings, int seed)
{
    private static readonly string[] Countries = ["DE", "FR", "GB", "US", "BR", "JP", "IN", "ES"];
    private static readonly string[] Devices = ["mobile", "desktop", "tablet"];
    private static readonly string[] Browsers = ["chrome", "safari", "firefox"];
    private readonly Random _random = new(seed);
    private readonly StringBuilder _body = new();

    public byte[] Next(int events)
    {
        _body.Clear();
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < events; i++)
        {
            var key = _random.Next(settings.Keys);
            _body.Append("{\"id\":\"").Append(Guid.CreateVersion7(now)).Append("\",\"time\":").Append(now.ToUnixTimeMilliseconds())
                .Append(",\"type\":\"purchase\",\"stream\":\"").Append(settings.Stream)
                .Append("\",\"source\":\"s").Append(key)
                .Append("\",\"dims\":{\"country\":\"").Append(Countries[key % Countries.Length])
                .Append("\",\"device\":\"").Append(Devices[key % Devices.Length])
                .Append("\",\"browser\":\"").Append(Browsers[key % Browsers.Length])
                .Append("\"},\"values\":{\"amount\":").Append(_random.Next(100, 20_000) / 100.0).Append("}}\n");
        }

        return Encoding.UTF8.GetBytes(_body.ToString());
    }
}
