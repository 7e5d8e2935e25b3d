using System.Diagnostics;
using System.Globalization;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.FasterLog.Tests;

/// <summary>A real process, killed by SIGKILL at random moments while it appends and commits.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Writers = 6;
    private const int Cycles = 15;

    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Killed_again_and_again_every_acknowledged_record_is_there_once_and_in_order()
    {
        var seed = Environment.TickCount;
#pragma warning disable CA5394 // Moments to kill at, not secrets.
        var random = new Random(seed);
        var next = new int[Writers];
        var committed = new Dictionary<int, long>();
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            var acknowledged = next.Select(n => n - 1).ToArray();
            await RunAndKillAsync(next, random.Next(1, 400), acknowledged, committed);
            var found = await ReadAllAsync();
            for (var writer = 0; writer < Writers; writer++)
            {
                var own = found.Where(r => r.Writer == writer).Select(r => r.Number).ToArray();
                Assert.True(own.SequenceEqual(Enumerable.Range(0, own.Length)), $"seed {seed}, cycle {cycle}, writer {writer}: lost, doubled or out of order");
                Assert.True(own.Length > acknowledged[writer], $"seed {seed}, cycle {cycle}, writer {writer}: {acknowledged[writer]} was acknowledged, {own.Length} are there");
                next[writer] = own.Length;
            }
            await using var log = _fixture.Open();
            var durable = await log.GetCommittedAsync(Appender.Topic, Appender.Group, default);
            foreach (var (partition, offset) in committed)
                Assert.True(durable.GetValueOrDefault(partition) >= offset, $"seed {seed}, cycle {cycle}: a commit of {offset} became {durable.GetValueOrDefault(partition)}");
        }
#pragma warning restore CA5394
        Assert.All(next, n => Assert.True(n > Cycles));
    }

    [Fact]
    public async Task Second_process_is_told_who_owns_the_directory()
    {
        await using var log = _fixture.Open();
        using var child = StartChild(new int[Writers]);
        var error = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, child.ExitCode);
        Assert.Contains($"is in use by process {Environment.ProcessId}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_log_in_the_same_process_is_refused_until_the_first_is_gone()
    {
        var log = _fixture.Open();
        var refusal = Assert.Throws<EventLogException>(() => _fixture.Open());
        Assert.Contains("is in use by process", refusal.Message, StringComparison.Ordinal);
        await log.DisposeAsync();
        await _fixture.Open().DisposeAsync();
    }

    private async Task RunAndKillAsync(int[] first, int lines, int[] acknowledged, Dictionary<int, long> committed)
    {
        using var child = StartChild(first);
        var left = lines;
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // What the child said before it died counts, also when it is read afterwards.
            if (--left == 0) child.Kill();
            var parts = line.Split(' ');
            if (parts is not [var what, var which, var number] || !long.TryParse(number, out var value)) continue;
            if (what == "A") acknowledged[int.Parse(which, CultureInfo.InvariantCulture)] = (int)value;
            else committed[int.Parse(which, CultureInfo.InvariantCulture)] = value;
        }
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(left <= 0, "the child ended by itself: " + await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private async Task<List<(int Writer, int Number)>> ReadAllAsync()
    {
        await using var log = _fixture.Open();
        var info = await log.DescribeAsync(Appender.Topic, default);
        await using var consumer = await log.OpenConsumerAsync(Appender.Topic, new LogConsumerOptions(), default);
        var found = new List<(int, int)>();
        var next = new long[info.Partitions.Count];
        while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
        {
            using (batch)
            {
                foreach (var entry in batch.Entries)
                {
                    Assert.True(entry.Offset >= next[batch.Partition]);
                    next[batch.Partition] = entry.Offset + 1;
                    var value = System.Text.Encoding.UTF8.GetString(entry.Value.Span);
                    var number = int.Parse(value[..value.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
                    Assert.Equal(Appender.Value(number), value);
                    found.Add((int.Parse(System.Text.Encoding.UTF8.GetString(entry.Key.Span)["writer-".Length..], CultureInfo.InvariantCulture), number));
                }
            }
        }
        Assert.Equal(info.Partitions.Select(p => p.EndOffset), next);
        return found;
    }

    private Process StartChild(int[] first)
    {
        var assembly = typeof(CrashTests).Assembly.Location;
        var host = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        var start = File.Exists(host) ? new ProcessStartInfo(host) : new ProcessStartInfo("dotnet") { ArgumentList = { assembly } };
        start.ArgumentList.Add(Appender.Verb);
        start.ArgumentList.Add(_fixture.Directory.File("log"));
        foreach (var number in first) start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        return Process.Start(start)!;
    }
}
