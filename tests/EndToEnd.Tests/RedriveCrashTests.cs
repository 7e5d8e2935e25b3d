using System.Net;
using System.Text.Json.Nodes;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>A redrive of dead letters whose process dies is finished by the next one, and each letter is in once.</summary>
public sealed class RedriveCrashTests
{
    private const int Letters = 40;

    [Theory]
    [InlineData("ingest.redrive.taken")]
    [InlineData("ingest.redrive.published")]
    public async Task Redrive_whose_process_is_killed_is_finished_and_doubles_nothing(string point)
    {
        using var data = new TempDirectory();
        JsonNode redrive;
        await using (var first = await Installation.StartAsync(data.Path, new Dictionary<string, string> { ["MILLRACE_FAULT"] = $"{point}=kill@1" }))
        {
            using var client = first.Client();
            // Without a stream: good once the redrive names one. Half of them have no id of their own.
            var lines = Enumerable.Range(0, Letters).Select(n => n % 2 == 0 ? $"{{\"id\":\"l{n}\",\"values\":{{\"v\":{n}}}}}" : $"{{\"values\":{{\"v\":{n}}}}}");
            using (var answer = await client.IngestAsync(lines)) Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            await Eventually.TrueAsync(async () => (await client.GetAsync("/api/v1/dead-letters?limit=100"))["items"]!.AsArray().Count == Letters);
            redrive = await client.SendAsync(HttpMethod.Post, "/api/v1/dead-letters/redrives", new { all = true, stream = "orders" });
            await Eventually.TrueAsync(() => !Processes.IsAlive(first.ProcessId), what: $"death at {point}");
        }

        await using var second = await Installation.StartAsync(data.Path);
        using var after = second.Client();
        var ended = await Eventually.ValueAsync(
            async () => await after.GetAsync($"/api/v1/dead-letters/redrives/{redrive["id"]}"), now => (string?)now["state"] == "done", TimeSpan.FromSeconds(90));
        Assert.Equal((Letters, Letters, 0), ((int)ended["total"]!, (int)ended["redriven"]!, (int)ended["refused"]!));
        var ledger = await Eventually.ValueAsync(async () => await after.LedgerAsync(), now => now is { Pending: 0, Archived: Letters });
        Assert.Equal((2 * Letters, 0), (ledger.Received, ledger.Duplicate));
        Assert.Equal($"{Letters}\t{Letters}\t{Enumerable.Range(0, Letters).Sum()}", await after.SqlAsync("SELECT count(), uniqExact(id), toUInt32(sum(values['v'])) FROM events WHERE stream = 'orders'"));

        // What is in again is not taken again.
        var again = await after.SendAsync(HttpMethod.Post, "/api/v1/dead-letters/redrives", new { all = true, stream = "orders" });
        Assert.Equal(0, (int)again["total"]!);
    }
}
