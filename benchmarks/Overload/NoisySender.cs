using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Benchmarks.Overload;

/// <summary>
/// The noisy tenant, as a process of its own: in one process with the quiet ones its thousands of requests would make theirs wait for each other in the
/// sender, and that wait would pass for one of Millrace's.
/// </summary>
/// <param name="url">Where Millrace is.</param>
/// <param name="processors">What it runs on.</param>
internal sealed class NoisySender(Uri url, Processors processors)
{
    /// <summary>Events of each request.</summary>
    public const int Batch = 200;

    private const string Verb = "send-noise";
    private const string Tenant = "noisy";

    /// <summary>The tenant's token.</summary>
    public static string Token { get; } = Installation.Token(Tenant);

    /// <summary>Processor time of the last run over its length.</summary>
    public double LoadOfLast { get; private set; }

    /// <summary>Whether a command line is that of the sending process.</summary>
    public static bool IsMeant(string[] args) => args.Length == 5 && args[0] == Verb;

    /// <summary>The sending process: says in one line of JSON what came back.</summary>
    public static async Task SendAsync(string[] args)
    {
        var rate = double.Parse(args[2], CultureInfo.InvariantCulture);
        var duration = TimeSpan.FromSeconds(double.Parse(args[3], CultureInfo.InvariantCulture));
        var connections = int.Parse(args[4], CultureInfo.InvariantCulture);
        using var sender = new Sender(new Uri(args[1]), Tenant, Batch);
        var tally = new Tally();
        var started = Stopwatch.GetTimestamp();
        if (rate > 0) await sender.AtRateAsync(rate, duration, connections, tally);
        else await sender.AtFullSpeedAsync(duration, connections, tally);
        var took = Stopwatch.GetElapsedTime(started);
        Console.WriteLine(new JsonObject { ["tally"] = tally.ToJson(), ["seconds"] = took.TotalSeconds, ["load"] = Environment.CpuUsage.TotalTime / took }.ToJsonString());
    }

    /// <summary>Sends for a time.</summary>
    /// <returns>How long it took until the last answer.</returns>
    /// <param name="requestsPerSecond">At this rate, whether answered or not; 0 for as fast as it is answered.</param>
    /// <param name="duration">How long.</param>
    /// <param name="connections">At most so many requests at a time.</param>
    /// <param name="tally">What came back.</param>
    public async Task<TimeSpan> RunAsync(double requestsPerSecond, TimeSpan duration, int connections, Tally tally)
    {
        string[] arguments =
        [
            Environment.ProcessPath!, typeof(NoisySender).Assembly.Location, Verb, url.ToString(), requestsPerSecond.ToString("R", CultureInfo.InvariantCulture),
            duration.TotalSeconds.ToString("R", CultureInfo.InvariantCulture), connections.ToString(CultureInfo.InvariantCulture),
        ];
        var start = processors.Senders(arguments);
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"The sending process ended with {process.ExitCode}.");
        var result = JsonNode.Parse(said)!;
        tally.Add(result["tally"]!);
        LoadOfLast = (double)result["load"]!;
        return TimeSpan.FromSeconds((double)result["seconds"]!);
    }
}
