using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>kill -9 while batches are being inserted: nothing acknowledged is missing, and repeated batches count once, in the view too.</summary>
public sealed class CrashTests : IDisposable
{
    private const int BatchRows = 2000;
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Nothing_acknowledged_is_missing_after_kill_9()
    {
        var sent = 0;
        var acknowledged = new ConcurrentBag<int>();
        await using (var server = await ServerProcess.StartAsync(_directory.Path))
        {
            using var client = server.Administrator();
            await client.QueryAsync("CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n) SETTINGS non_replicated_deduplication_window = 10000");
            await client.QueryAsync("CREATE TABLE sums (batch UInt32, rows SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY batch SETTINGS non_replicated_deduplication_window = 10000");
            await client.QueryAsync("CREATE MATERIALIZED VIEW view TO sums AS SELECT batch, count() AS rows FROM t GROUP BY batch");
            var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (true)
                {
                    var batch = Interlocked.Increment(ref sent);
                    if (await TryInsertAsync(client, batch)) acknowledged.Add(batch);
                    else return;
                }
            })).ToList();
            await Eventually.TrueAsync(() => acknowledged.Count > 60, TimeSpan.FromSeconds(60));
            await server.KillAsync();
            await Task.WhenAll(writers);
        }

        await using (var server = await ServerProcess.StartAsync(_directory.Path))
        {
            using var client = server.Administrator();
            var stored = (await client.QueryAsync("SELECT batch, count() FROM t GROUP BY batch")).Split('\n').Select(line => line.Split('\t')).ToDictionary(p => int.Parse(p[0]), p => int.Parse(p[1]));
            Assert.All(acknowledged, batch => Assert.Equal(BatchRows, stored.GetValueOrDefault(batch)));

            // Whatever was not acknowledged is sent again, and so is everything else: the sums must come out exact.
            for (var batch = 1; batch <= sent; batch++) Assert.True(await TryInsertAsync(client, batch));
            var expected = ((long)sent * BatchRows).ToString(CultureInfo.InvariantCulture);
            Assert.Equal(expected, await client.QueryAsync("SELECT count() FROM t"));
            Assert.Equal(expected, await client.QueryAsync("SELECT sum(rows) FROM sums"));
        }
    }

    private static async Task<bool> TryInsertAsync(ClickHouseHttp client, int batch)
    {
        var rows = new StringBuilder();
        for (var n = 0; n < BatchRows; n++) rows.Append(CultureInfo.InvariantCulture, $"{batch},{n}\n");
        try
        {
            var answer = await client.InsertAsync(
                "INSERT INTO t FORMAT CSV", Encoding.UTF8.GetBytes(rows.ToString()), $"insert_deduplication_token=batch-{batch}&deduplicate_blocks_in_dependent_materialized_views=1");
            return answer.Status == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
