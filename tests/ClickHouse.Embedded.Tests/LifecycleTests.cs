using System.Diagnostics;
using System.Globalization;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>How the program starts, stops and dies.</summary>
public sealed class LifecycleTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", "--data is missing")]
    [InlineData("--data", "--data needs a value")]
    [InlineData("nonsense", "unexpected argument 'nonsense'")]
    [InlineData("--data x", "--library is missing")]
    [InlineData("--data x --library /nowhere/libchdb.so", "there is no library '/nowhere/libchdb.so'")]
    [InlineData("--data x --library /bin/sh --port x", "--port must be a number from 0 to 65535, not 'x'")]
    [InlineData("--data x --library /bin/sh --port 65536", "--port must be a number from 0 to 65535, not '65536'")]
    [InlineData("--data x --library /bin/sh --listen here", "--listen 'here' is no IP address")]
    [InlineData("--data x --library /bin/sh --max-memory 1", "--max-memory must be a number from 268435456")]
    [InlineData("--data x --library /bin/sh --colour blue", "unknown option --colour")]
    [InlineData("--data x --data y", "--data is given twice")]
    [InlineData("--data x --library /bin/sh --parent-watch maybe", "--parent-watch must be on or off, not 'maybe'")]
    public async Task Wrong_arguments_are_one_line_and_exit_code_2(string arguments, string error)
    {
        await using var server = ServerProcess.Launch(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, await server.WaitForExitAsync());
        Assert.StartsWith("clickhouse-embedded: " + error, server.Errors, StringComparison.Ordinal);
        Assert.Single(server.Errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("short")]
    public async Task Missing_or_short_secret_is_refused(string? secret)
    {
        await using var server = ServerProcess.Launch(["--data", "x"], secret);
        Assert.Equal(2, await server.WaitForExitAsync());
        Assert.Contains("MILLRACE_CLICKHOUSE_SECRET must be set", server.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Library_that_is_none_is_one_line_and_exit_code_1()
    {
        await using var server = ServerProcess.Launch(["--data", _directory.Path, "--library", "/bin/sh", "--port", "0"]);
        Assert.Equal(1, await server.WaitForExitAsync());
        Assert.Single(server.Errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Directory_in_use_is_one_line_and_exit_code_1()
    {
        await using var first = await ServerProcess.StartAsync(_directory.Path);
        await using var second = ServerProcess.Launch(["--data", _directory.Path, "--library", EngineLibrary.RequireOrSkip(), "--port", "0"]);
        Assert.Equal(1, await second.WaitForExitAsync());
        Assert.Equal($"clickhouse-embedded: the data directory {_directory.Path} is in use by another process", second.Errors.Trim());
        using var client = first.Administrator();
        Assert.Equal("1", await client.QueryAsync("SELECT 1"));
    }

    [Fact]
    public async Task Port_in_use_is_one_line_and_exit_code_1()
    {
        await using var first = await ServerProcess.StartAsync(_directory.File("a"));
        await using var second = ServerProcess.Launch(
            ["--data", _directory.File("b"), "--library", EngineLibrary.RequireOrSkip(), "--port", first.Port.ToString(CultureInfo.InvariantCulture)]);
        Assert.Equal(1, await second.WaitForExitAsync());
        Assert.Contains("address already in use", second.Errors, StringComparison.Ordinal);
        Assert.Single(second.Errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Successor_waits_for_a_dying_predecessor()
    {
        await using var first = await ServerProcess.StartAsync(_directory.Path);
        var second = ServerProcess.StartAsync(_directory.Path);
        await first.KillAsync();
        await using var ready = await second;
        using var client = ready.Administrator();
        Assert.Equal("1", await client.QueryAsync("SELECT 1"));
    }

    [Fact]
    public async Task Sigterm_stops_it_cleanly()
    {
        await using var server = await ServerProcess.StartAsync(_directory.Path);
        Assert.Equal(0, await server.TerminateAsync());
        Assert.Contains("Stopped", server.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_of_input_ends_it_at_once()
    {
        await using var server = await ServerProcess.StartAsync(_directory.Path);
        using var client = server.Administrator();
        var running = client.SendAsync("SELECT count() FROM numbers(1000000000000)");
        var started = Stopwatch.GetTimestamp();
        server.CloseInput();
        await server.WaitForExitAsync(TimeSpan.FromSeconds(10));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<HttpRequestException>(() => running);
    }

    [Fact]
    public async Task End_of_input_without_the_watch_changes_nothing()
    {
        await using var server = await ServerProcess.StartAsync(_directory.Path, "--parent-watch", "off");
        server.CloseInput();
        using var client = server.Administrator();
        Assert.Equal("1", await client.QueryAsync("SELECT 1"));
        Assert.Equal(0, await server.TerminateAsync());
    }

    [Fact]
    public async Task Kill_of_the_parent_ends_it()
    {
        // The parent's role is played by a process that does nothing but hold the other end of the pipe.
        var script = $"{{ echo $BASHPID > {_directory.File("parent")}; exec sleep 1000; }} | exec dotnet {ServerProcess.Program} --data {_directory.Path} --port 0 --library {EngineLibrary.RequireOrSkip()}";
        var start = new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true };
        start.Environment[CommandLine.SecretVariable] = ServerProcess.Secret;
        using var child = Process.Start(start)!;
        Assert.StartsWith("ready port=", await child.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        using var parent = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(_directory.File("parent"))));
        parent.Kill();
        await child.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Configuration_with_the_seal_does_not_stay_on_disk()
    {
        await using var server = await ServerProcess.StartAsync(_directory.Path);
        Assert.False(Directory.Exists(_directory.File("config")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.File("empty")));
        Assert.Equal(_directory.File("empty"), new FileInfo($"/proc/{server.Id}/cwd").LinkTarget);
        Assert.DoesNotContain(ServerProcess.Secret, await File.ReadAllTextAsync($"/proc/{server.Id}/cmdline"), StringComparison.Ordinal);
    }
}
