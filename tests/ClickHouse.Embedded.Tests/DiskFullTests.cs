using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>A disk without a free byte, on a real small file system: nothing acknowledged is missing, and no part is kept of files that could not be written.</summary>
public sealed class DiskFullTests
{
    private const int BatchRows = 500;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nothing_acknowledged_is_missing_after_the_disk_was_full()
    {
        using var disk = SmallDisk.RequireOrSkip(megabytes: 192);
        var data = Path.Combine(disk.Path, "clickhouse");
        var load = new Load();
        await using (var server = await ServerProcess.StartAsync(data, "--disk-patience", "60"))
        {
            using var client = server.Administrator();
            await Load.PrepareAsync(client);
            var writers = load.Start(client, writers: 4);
            for (var round = 1; round <= 2; round++)
            {
                var (acknowledged, refused) = (load.Acknowledged.Count, load.Refused);
                await Eventually.TrueAsync(() => load.Acknowledged.Count > acknowledged + 25, _deadline);
                disk.Fill();
                await Eventually.TrueAsync(() => load.Refused > refused + 3 || server.Errors.Contains("waits for room", StringComparison.Ordinal), _deadline);
                disk.Free();
                await load.CheckAsync(client);
            }

            load.Stop();
            await Task.WhenAll(writers);
            await load.CheckAsync(client);
            await server.KillAsync();
        }

        await using (var again = await ServerProcess.StartAsync(data))
        {
            using var client = again.Administrator();
            await load.CheckAsync(client);
            Assert.Equal("0", await client.QueryAsync("SELECT count() FROM system.detached_parts"));
        }
    }

    [Fact]
    public async Task A_disk_that_stays_full_ends_the_process_before_anything_is_kept_by_half()
    {
        using var disk = SmallDisk.RequireOrSkip(megabytes: 192);
        var data = Path.Combine(disk.Path, "clickhouse");
        var load = new Load();
        await using (var server = await ServerProcess.StartAsync(data, "--disk-patience", "0"))
        {
            using var client = server.Administrator();
            await Load.PrepareAsync(client);
            var writers = load.Start(client, writers: 4);
            while (!server.HasExited)
            {
                var acknowledged = load.Acknowledged.Count;
                await Eventually.TrueAsync(() => server.HasExited || load.Acknowledged.Count > acknowledged + 20, _deadline);
                disk.Fill();
                // What was being written finds no room; what comes later is refused before it is written.
                var refused = load.Refused;
                await Eventually.TrueAsync(() => server.HasExited || load.Refused > refused + 3, _deadline);
                disk.Free();
            }

            Assert.Equal(DiskWrites.CannotWrite, server.ExitCode);
            load.Stop();
            await Task.WhenAll(writers);
        }

        await using (var again = await ServerProcess.StartAsync(data))
        {
            using var client = again.Administrator();
            await load.CheckAsync(client);
        }
    }

    [Fact]
    public void A_function_that_a_library_does_not_import_is_redirected_nowhere()
    {
        var library = System.Runtime.InteropServices.NativeLibrary.Load("libdl.so.2");
        Assert.Equal(0, ImportedSymbol.Redirect(library, "no_such_function", 0));
    }

    /// <summary>Batches into a table with small merges and a view behind it, and which of them were acknowledged.</summary>
    private sealed class Load
    {
        private readonly CancellationTokenSource _stop = new();
        private int _sent;
        private int _refused;

        public ConcurrentDictionary<int, bool> Acknowledged { get; } = new();

        public int Refused => Volatile.Read(ref _refused);

        public static async Task PrepareAsync(ClickHouseHttp client)
        {
            await client.QueryAsync("CREATE TABLE t (batch UInt32, n UInt32, text String) ENGINE = MergeTree ORDER BY (batch, n)");
            await client.QueryAsync("CREATE TABLE sums (batch UInt32, rows SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY batch");
            await client.QueryAsync("CREATE MATERIALIZED VIEW view TO sums AS SELECT batch, count() AS rows FROM t GROUP BY batch");
        }

        public List<Task> Start(ClickHouseHttp client, int writers) => [.. Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                var batch = Interlocked.Increment(ref _sent);
                if (await TryInsertAsync(client, batch)) Acknowledged[batch] = true;
                else Interlocked.Increment(ref _refused);
            }
        }))];

        public void Stop() => _stop.Cancel();

        /// <summary>All rows can be read, and those of each acknowledged batch are there once.</summary>
        public async Task CheckAsync(ClickHouseHttp client)
        {
            var acknowledged = Acknowledged.Keys.ToList();
            foreach (var table in (string[])["SELECT batch, uniqExact(n, text) FROM t GROUP BY batch", "SELECT batch, sum(rows) FROM sums GROUP BY batch"])
            {
                var stored = (await client.QueryAsync(table)).Split('\n').Select(line => line.Split('\t'))
                    .ToDictionary(part => int.Parse(part[0], CultureInfo.InvariantCulture), part => int.Parse(part[1], CultureInfo.InvariantCulture));
                Assert.All(acknowledged, batch => Assert.Equal(BatchRows, stored.GetValueOrDefault(batch)));
            }
        }

        private static async Task<bool> TryInsertAsync(ClickHouseHttp client, int batch)
        {
            var rows = new StringBuilder();
            for (var n = 0; n < BatchRows; n++) rows.Append(CultureInfo.InvariantCulture, $"{batch},{n},text {batch * 7919L * n}\n");
            try
            {
                return (await client.InsertAsync("INSERT INTO t FORMAT CSV", Encoding.UTF8.GetBytes(rows.ToString()))).Status == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
