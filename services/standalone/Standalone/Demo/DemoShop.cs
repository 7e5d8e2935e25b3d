using System.Text.Json;

namespace Millrace.Standalone.Demo;

/// <summary>
/// A web shop and the sensors of its warehouse, simulated: visitors by country with a daily rhythm, page views that sometimes become purchases,
/// request latencies, temperatures, and every few minutes an incident in which payments get slow and fail. Pure: time comes in, events go out.
/// </summary>
/// <param name="seed">The same seed gives the same shop.</param>
internal sealed class DemoShop(int seed)
{
    public const string Shop = "shop";
    public const string Sensors = "sensors";

    /// <summary>The first incident comes soon, so that a newcomer sees an alert within a minute.</summary>
    private static readonly TimeSpan FirstIncident = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan IncidentPeriod = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan IncidentLength = TimeSpan.FromSeconds(40);
    private static readonly string[] Pages = ["/", "/search", "/product", "/cart", "/checkout"];
    private static readonly string[] Devices = ["mobile", "desktop", "tablet"];
    private static readonly string[] Browsers = ["chrome", "safari", "firefox", "edge"];

    private readonly Random _random = new(seed);
    private readonly double[] _temperatures = [18.5, 4.2, 21.0, -18.0];

    /// <summary>Whether payments are in trouble at a time since the start.</summary>
    public static bool IsIncident(TimeSpan sinceStart) =>
        sinceStart >= FirstIncident && TimeSpan.FromTicks((sinceStart - FirstIncident).Ticks % IncidentPeriod.Ticks) < IncidentLength;

    /// <summary>Writes the events of one step as NDJSON.</summary>
    /// <returns>How many there are.</returns>
    public int Step(Stream ndjson, DateTimeOffset now, TimeSpan step, TimeSpan sinceStart)
    {
        var incident = IsIncident(sinceStart);
        var events = 0;
        foreach (var city in DemoCity.All)
        {
            for (var views = Poisson(Rhythm(now, city) * city.Weight * 0.9 * step.TotalSeconds); views > 0; views--)
            {
                events += Visit(ndjson, now, step, city, incident);
            }
        }

        for (var sensor = 0; sensor < _temperatures.Length; sensor++)
        {
            if (_random.NextDouble() > 4 * step.TotalSeconds) continue;
            Reading(ndjson, now, sensor);
            events++;
        }

        return events;
    }

    private int Visit(Stream ndjson, DateTimeOffset now, TimeSpan step, DemoCity city, bool incident)
    {
        var time = now - (step * _random.NextDouble());
        var session = $"s-{city.Country}-{_random.Next(400)}";
        var page = Pages[(int)(_random.NextDouble() * _random.NextDouble() * Pages.Length)];
        var device = Devices[(int)(_random.NextDouble() * _random.NextDouble() * Devices.Length)];
        var latency = LogNormal(page == "/search" ? 120 : 60, 0.5);
        Write(ndjson, Shop, "page_view", time, session, city, device, ("page", page), ("latency_ms", latency), null);
        if (page != "/checkout" && _random.NextDouble() > 0.06) return 1;

        var payment = LogNormal(incident ? 1_900 : 240, incident ? 0.35 : 0.4);
        var failed = _random.NextDouble() < (incident ? 0.45 : 0.015);
        Write(ndjson, Shop, "checkout", time, session, city, device, ("outcome", failed ? "failed" : "paid"), ("latency_ms", payment), null);
        if (failed) return 2;
        var items = 1 + Poisson(0.8);
        Write(ndjson, Shop, "purchase", time, session, city, device, ("currency", "EUR"), ("amount", Math.Round(LogNormal(34, 0.7) * items, 2)), ("items", items));
        return 3;
    }

    private void Write(
        Stream ndjson, string stream, string type, DateTimeOffset time, string session, DemoCity city, string device,
        (string Name, string Value) dim, (string Name, double Value) value, (string Name, double Value)? second)
    {
        using (var json = new Utf8JsonWriter(ndjson))
        {
            json.WriteStartObject();
            json.WriteString("id", Guid.CreateVersion7(time));
            json.WriteString("stream", stream);
            json.WriteString("type", type);
            json.WriteNumber("time", time.ToUnixTimeMilliseconds());
            json.WriteString("source", session);
            json.WriteStartObject("dims");
            json.WriteString("country", city.Country);
            json.WriteString("city", city.Name);
            json.WriteString("device", device);
            json.WriteString("browser", Browsers[_random.Next(Browsers.Length)]);
            json.WriteString(dim.Name, dim.Value);
            json.WriteEndObject();
            json.WriteStartObject("values");
            json.WriteNumber(value.Name, Math.Round(value.Value, 2));
            if (second is { } more) json.WriteNumber(more.Name, more.Value);
            json.WriteEndObject();
            json.WriteStartObject("geo");
            json.WriteNumber("lat", Math.Round(city.Lat + Gauss() * 0.08, 4));
            json.WriteNumber("lon", Math.Round(city.Lon + Gauss() * 0.08, 4));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        ndjson.WriteByte((byte)'\n');
    }

    private void Reading(Stream ndjson, DateTimeOffset now, int sensor)
    {
        string[] rooms = ["packing", "cold-store", "office", "freezer"];
        double[] targets = [18.5, 4.2, 21.0, -18.0];
        _temperatures[sensor] += (targets[sensor] - _temperatures[sensor]) * 0.05 + Gauss() * 0.08;
        using (var json = new Utf8JsonWriter(ndjson))
        {
            json.WriteStartObject();
            json.WriteString("stream", Sensors);
            json.WriteString("type", "climate");
            json.WriteNumber("time", now.ToUnixTimeMilliseconds());
            json.WriteString("source", $"sensor-{sensor + 1}");
            json.WriteStartObject("dims");
            json.WriteString("room", rooms[sensor]);
            json.WriteEndObject();
            json.WriteStartObject("values");
            json.WriteNumber("temperature_c", Math.Round(_temperatures[sensor], 2));
            json.WriteNumber("humidity", Math.Round(45 + Gauss() * 3, 1));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        ndjson.WriteByte((byte)'\n');
    }

    // Visitors at 4 in the morning are a fifth of those at 4 in the afternoon.
    private static double Rhythm(DateTimeOffset now, DemoCity city)
    {
        var hour = now.UtcDateTime.TimeOfDay.TotalHours + city.UtcOffsetHours;
        return 0.6 - 0.4 * Math.Cos((hour - 4) / 24 * 2 * Math.PI);
    }

    // Box-Muller.
    private double Gauss() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private double LogNormal(double median, double sigma) => median * Math.Exp(sigma * Gauss());

    // Knuth's multiplication method: fine for the small means of one step.
    private int Poisson(double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0;
        for (var product = _random.NextDouble(); product > limit; product *= _random.NextDouble()) count++;
        return count;
    }
}
