using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests;

public sealed partial class HostTests
{
    private const string Key = "bootstrap-key-of-the-tests";

    [Fact]
    public async Task Host_started_as_a_process_takes_events_and_stops_on_a_signal()
    {
        using var directory = new TempDirectory();
        var output = new List<string>();
        using var process = Start(directory, output, ("Millrace__Http__Port", "0"));
        var address = await Eventually.ValueAsync(() => ValueTask.FromResult(Find(output)), found => found is not null);
        using var http = new HttpClient { BaseAddress = new Uri(address!) };
        http.DefaultRequestHeaders.Add("X-API-Key", Key);
        await Eventually.TrueAsync(async () => (await GetAsync(http, "/health/ready")) == HttpStatusCode.OK);
        using var answer = await http.PostAsync(new Uri("/ingest", UriKind.Relative), new StringContent("{\"stream\":\"s\"}", null, "application/json"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);

        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Host_on_Kafka_answers_503_while_the_brokers_are_away_and_202_again_when_they_are_back()
    {
        var cancelled = TestContext.Current.CancellationToken;
        await using var kafka = await KafkaMockBroker.StartAsync(cancelled);
        using var directory = new TempDirectory();
        var output = new List<string>();
        using var process = Start(
            directory, output, ("Millrace__Http__Port", "0"), ("Millrace__Adapters__EventLog", "kafka"), ("Millrace__Kafka__BootstrapServers", kafka.BootstrapServers),
            ("Millrace__Kafka__AppendTimeout", "00:00:02"));
        var address = await Eventually.ValueAsync(() => ValueTask.FromResult(Find(output)), found => found is not null);
        using var http = new HttpClient { BaseAddress = new Uri(address!) };
        http.DefaultRequestHeaders.Add("X-API-Key", Key);
        await Eventually.TrueAsync(async () => (await GetAsync(http, "/health/ready")) == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(http)).Status);

        await kafka.StopAsync(cancelled);
        var started = Stopwatch.GetTimestamp();
        var refused = await PostAsync(http);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
        Assert.NotNull(refused.RetryAfter);
        await Eventually.TrueAsync(async () => (await GetAsync(http, "/health/ready")) == HttpStatusCode.ServiceUnavailable);

        await kafka.StartAgainAsync(cancelled);
        await Eventually.TrueAsync(async () => (await PostAsync(http)).Status == HttpStatusCode.Accepted);
        await Eventually.TrueAsync(async () => (await GetAsync(http, "/health/ready")) == HttpStatusCode.OK);
        process.Kill();
    }

    [Theory]
    [InlineData("Millrace__Adapters__EventLog", "kafak", "Millrace:Adapters:EventLog is 'kafak', but this host knows only fasterlog, kafka.")]
    [InlineData("Millrace__Adapters__EvntLog", "fasterlog", "Millrace:Adapters:EvntLog is not a setting; did you mean 'EventLog'?")]
    [InlineData("Millrace__Ingest__MaxInFlightBytes", "lots", "MaxInFlightBytes")]
    public async Task Host_with_a_wrong_setting_says_which_and_does_not_start(string setting, string value, string said)
    {
        using var directory = new TempDirectory();
        var output = new List<string>();
        using var process = Start(directory, output, ("Millrace__Http__Port", "0"), (setting, value));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(2, process.ExitCode);
        lock (output) Assert.Contains(output, line => line.StartsWith("millrace: ", StringComparison.Ordinal) && line.Contains(said, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"listening on: (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening { get; }

    private static string? Find(List<string> output)
    {
        lock (output) return output.Select(line => Listening.Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).FirstOrDefault();
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task<(HttpStatusCode Status, RetryConditionHeaderValue? RetryAfter)> PostAsync(HttpClient http)
    {
        using var answer = await http.PostAsync(new Uri("/ingest", UriKind.Relative), new StringContent("{\"stream\":\"s\"}", null, "application/json"));
        return (answer.StatusCode, answer.Headers.RetryAfter);
    }

    private static Process Start(TempDirectory directory, List<string> output, params (string Name, string Value)[] settings)
    {
        // Both projects are built into artifacts/bin/<project>/<configuration>.
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var host = Path.Combine(own.Parent!.Parent!.FullName, "Millrace.Ingest.Host", own.Name, "Millrace.Ingest.Host.dll");
        var start = new ProcessStartInfo("dotnet", [host]) { WorkingDirectory = directory.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        start.Environment["Millrace__Bootstrap__Tenant"] = "acme";
        start.Environment["Millrace__Bootstrap__ApiKey"] = Key;
        var process = Process.Start(start)!;
        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (output) output.Add(line.Data ?? "");
        }

        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
