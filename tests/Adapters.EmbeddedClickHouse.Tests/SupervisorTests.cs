using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Ports.ClickHouse;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.EmbeddedClickHouse.Tests;

/// <summary>The child is there as long as the host is, no longer, and comes back when it dies.</summary>
public sealed partial class SupervisorTests : IAsyncLifetime
{
    private readonly EmbeddedServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Child_that_dies_comes_back_at_the_same_address_with_its_data()
    {
        var before = await _server.Locator(TestContext.Current.CancellationToken);
        await ExecuteAsync("CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n");
        await ExecuteAsync("INSERT INTO kept SELECT 7");
        using var child = Child();
        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _server.Log.Lines.Count(line => line.Id == 7750) == 2);
        var after = await _server.Locator(TestContext.Current.CancellationToken);
        Assert.Equal(before.Url, after.Url);
        await using var result = await _server.Client.QueryAsync(new ClickHouseQuery("SELECT n FROM kept") { Format = "TSV" }, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(result.Body);
        Assert.Equal("7\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Contains(_server.Log.Lines, line => line.Id == 7751);
    }

    [Fact]
    public async Task Host_that_stops_takes_its_child_with_it()
    {
        await _server.Locator(TestContext.Current.CancellationToken);
        using var child = Child();
        var started = Stopwatch.GetTimestamp();
        await _server.Host.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(child.HasExited);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(_server.Log.Lines, line => line.Id == 7754);
    }

    [Fact]
    public async Task Child_that_hangs_is_killed_within_bounded_time()
    {
        await _server.Locator(TestContext.Current.CancellationToken);
        using var child = Child();
        using (var stop = Process.Start("kill", ["-STOP", child.Id.ToString(CultureInfo.InvariantCulture)])) await stop.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _server.Host.StopAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains(_server.Log.Lines, line => line.Id == 7754);
    }

    [Fact]
    public async Task Child_stands_back_with_all_its_threads_where_it_is_told_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Looks into /proc.");
        await _server.Locator(TestContext.Current.CancellationToken);
        using var self = Process.GetCurrentProcess();
        var usual = NiceValues(self)[0];
        using (var before = Child()) Assert.Contains(usual, NiceValues(before));
        await _server.Host.StopAsync(TestContext.Current.CancellationToken);
        using var host = _server.Build(new Dictionary<string, string?> { ["Millrace:EmbeddedClickHouse:StandsBack"] = "true" });
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Services.GetRequiredService<ClickHouseLocator>()(TestContext.Current.CancellationToken);
        using var child = Child();
        var nice = NiceValues(child);
        // The runtime gives one of its own another priority where it may; none is left where it was.
        Assert.InRange(nice.Count(one => one == "10"), 10, nice.Count);
        Assert.DoesNotContain(usual, nice);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    // "pid (name) state ppid …": the nice value is the 17th behind the name.
    private static List<string> NiceValues(Process process) =>
        [.. Directory.GetDirectories($"/proc/{process.Id}/task").Select(task => File.ReadAllText(Path.Combine(task, "stat")).Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[16])];

    [Theory]
    [InlineData("Program", "/nowhere/clickhouse-embedded.dll", "The embedded ClickHouse is not at /nowhere/clickhouse-embedded.dll")]
    [InlineData("Library", "/nowhere/libchdb.so", "there is no library '/nowhere/libchdb.so'")]
    public async Task What_is_missing_is_told(string option, string value, string expected)
    {
        await _server.Host.StopAsync(TestContext.Current.CancellationToken);
        using var host = _server.Build(new Dictionary<string, string?> { [$"Millrace:EmbeddedClickHouse:{option}"] = value });
        await host.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _server.Log.Lines.Any(line => line.Text.Contains(expected, StringComparison.Ordinal)));
        using var soon = new CancellationTokenSource();
        var waiting = host.Services.GetRequiredService<ClickHouseLocator>()(soon.Token);
        Assert.False(waiting.IsCompleted);
        await soon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Library_is_the_version_that_the_script_downloads()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Millrace.slnx"))) directory = directory.Parent;
        Assert.Contains($"CHDB_VERSION={ChildProgram.LibraryVersion}\n", File.ReadAllText(Path.Combine(directory.FullName, "eng", "native.sh")), StringComparison.Ordinal);
    }

    private Task ExecuteAsync(string sql) => _server.Client.ExecuteAsync(new ClickHouseQuery(sql), TestContext.Current.CancellationToken);

    /// <summary>The child, by the number that the supervisor logged.</summary>
    private Process Child() => Process.GetProcessById(int.Parse(ProcessNumber().Match(_server.Log.Lines.Last(line => line.Id == 7750).Text).Groups[1].Value));

    [GeneratedRegex("process ([0-9]+)")]
    private static partial Regex ProcessNumber();
}
