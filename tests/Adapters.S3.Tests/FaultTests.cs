using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.S3.Tests.Support;
using Millrace.Contract.Suites;
using Millrace.Hosting.Resilience;
using Millrace.Ports.Objects;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.S3.Tests;

/// <summary>What becomes of requests when the store or the way to it fails, without and with the retries that a host puts around the store.</summary>
public sealed class FaultTests(CephFixture ceph)
{
    private const int MiB = 1 << 20;
    private static readonly ObjectPutOptions Plain = new("text/plain");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Store_is_busy_is_told_as_retryable_with_its_wish()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        var store = bucket.Open(options => options.Endpoint = door.Endpoint);
        door.AnswerSlowDown(1, retryAfter: 7);

        var e = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a.bin", 5_000));

        Assert.True(e.Retryable);
        Assert.Equal(TimeSpan.FromSeconds(7), e.RetryAfter);
        Assert.Contains("503 SlowDown", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, door.Refused);
    }

    [Fact]
    public async Task Store_is_busy_for_a_while_every_request_succeeds_in_the_end()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        await using var services = Compose(bucket, door);
        var store = services.GetRequiredService<IObjectStore>();

        door.AnswerSlowDown(3);
        Assert.Equal(PutOutcome.Created, await PutAsync(store, "a.bin", 5_000));
        door.AnswerSlowDown(3);
        Assert.Equal(5_000, (await store.HeadAsync("a.bin", Cancelled))!.Size);
        door.AnswerSlowDown(3);
        Assert.Equal(5_000, (await ReadAsync(store, "a.bin")).Length);
        door.AnswerSlowDown(3);
        Assert.Equal(["a.bin"], await ListAsync(store));
        door.AnswerSlowDown(3);
        await store.DeleteAsync("a.bin", Cancelled);

        Assert.Equal(15, door.Refused);
        Assert.Null(await store.HeadAsync("a.bin", Cancelled));
    }

    [Fact]
    public async Task Store_says_how_long_it_wants_to_be_left_alone_and_is()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        await using var services = Compose(bucket, door);
        door.AnswerSlowDown(1, retryAfter: 1);
        var started = Stopwatch.GetTimestamp();

        await PutAsync(services.GetRequiredService<IObjectStore>(), "a.bin", 5_000);

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Store_stays_busy_the_last_failure_is_thrown()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        await using var services = Compose(bucket, door);
        door.AnswerSlowDown(int.MaxValue);

        var e = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(services.GetRequiredService<IObjectStore>(), "a.bin", 5_000));

        Assert.True(e.Retryable);
        Assert.Equal(7, door.Refused);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_cut_in_the_middle_is_repeated_and_whole(bool canSeek)
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        await using var services = Compose(bucket, door);
        var store = services.GetRequiredService<IObjectStore>();
        var content = Payloads.Random(14 * MiB);

        foreach (var (cutAfter, key) in new[] { (3 * MiB, "first part.bin"), (9 * MiB, "second part.bin") })
        {
            door.CutUploadAfter(cutAfter);
            await using var source = canSeek ? new MemoryStream(content) : new OneWayStream(content);
            Assert.Equal(PutOutcome.Created, await store.PutAsync(key, source, Plain, Cancelled));
            Assert.Equal(SHA256.HashData(content), SHA256.HashData(await ReadAsync(store, key)));
        }

        Assert.Equal(2, door.Cuts);
        Assert.Equal(["first part.bin", "second part.bin"], await ListAsync(store));
        Assert.Null((await bucket.Open().Client.ListMultipartUploadsAsync(bucket.Name, Cancelled)).MultipartUploads);
    }

    [Fact]
    public async Task Upload_cut_without_retries_is_told_as_retryable()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        var store = bucket.Open(options => options.Endpoint = door.Endpoint);
        door.CutUploadAfter(MiB);

        var e = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(store, "a.bin", 2 * MiB));

        Assert.True(e.Retryable);
        Assert.Null(await store.HeadAsync("a.bin", Cancelled));
    }

    [Fact]
    public async Task Download_cut_in_the_middle_fails_without_retries_and_goes_on_with_them()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await using var door = new FaultyDoor(bucket.Endpoint);
        await using var services = Compose(bucket, door);
        var content = Payloads.Random(6 * MiB);
        var bare = bucket.Open(options => options.Endpoint = door.Endpoint);
        await bare.PutAsync("a.bin", new MemoryStream(content), Plain, Cancelled);

        door.CutDownloadAfter(2 * MiB);
        var e = await Assert.ThrowsAsync<ObjectStoreException>(() => ReadAsync(bare, "a.bin"));
        Assert.True(e.Retryable);

        door.CutDownloadAfter(2 * MiB);
        Assert.Equal(SHA256.HashData(content), SHA256.HashData(await ReadAsync(services.GetRequiredService<IObjectStore>(), "a.bin")));
        Assert.Equal(2, door.Cuts);
    }

    [Fact]
    public async Task Server_stopped_killed_and_started_again_nothing_is_lost()
    {
        await using var server = await CephServer.StartAsync(Cancelled);
        await using var bucket = await Bucket.CreateAsync(server);
        await using var services = Compose(bucket, door: null, ("ObjectRetries:Retries", "60"));
        var store = services.GetRequiredService<IObjectStore>();
        using var done = new CancellationTokenSource();
        var stored = new List<string>();
        var writer = Task.Run(async () =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                // A repetition may find what the attempt before it stored; either way the object is there.
                var outcome = await PutAsync(store, $"{i:00000}.bin", 20_000);
                Assert.NotEqual(PutOutcome.Unset, outcome);
                lock (stored) stored.Add($"{i:00000}.bin");
            }
        });

        foreach (var kill in new[] { false, true })
        {
            await MoreAsync(stored);
            await (kill ? server.KillAsync(Cancelled) : server.StopAsync(Cancelled));
            var e = await Assert.ThrowsAsync<ObjectStoreException>(() => bucket.Open().HeadAsync("00000.bin", Cancelled));
            Assert.True(e.Retryable);
            await server.StartAgainAsync(Cancelled);
            await MoreAsync(stored);
        }

        await done.CancelAsync();
        await writer;
        Assert.Equal(stored, await ListAsync(store));
    }

    private static async Task MoreAsync(List<string> stored)
    {
        var before = Count();
        await Eventually.TrueAsync(() => Count() > before + 5);

        int Count()
        {
            lock (stored) return stored.Count;
        }
    }

    // As a host composes them, with short delays.
    private static ServiceProvider Compose(Bucket bucket, FaultyDoor? door, params (string Key, string Value)[] settings)
    {
        var all = bucket.Settings([("PartSize", $"{5 * MiB}"), ("ConditionalPut", "Native")]);
        all["Millrace:S3:Endpoint"] = (door?.Endpoint ?? bucket.Endpoint).AbsoluteUri;
        all["Millrace:ObjectRetries:BaseDelay"] = "00:00:00.020";
        all["Millrace:ObjectRetries:MaxDelay"] = "00:00:02";
        foreach (var (key, value) in settings) all["Millrace:" + key] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(all).Build();
        return new ServiceCollection().AddLogging().AddS3Adapter(configuration).AddObjectRetries(configuration).BuildServiceProvider();
    }

    private static Task<PutOutcome> PutAsync(IObjectStore store, string key, int length) =>
        store.PutAsync(key, new MemoryStream(Payloads.Random(length)), Plain, Cancelled);

    private static async Task<byte[]> ReadAsync(IObjectStore store, string key)
    {
        await using var stream = await store.OpenReadAsync(key, 0, Cancelled);
        var content = new MemoryStream();
        await stream!.CopyToAsync(content, Cancelled);
        return content.ToArray();
    }

    private static async Task<List<string>> ListAsync(IObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var info in store.ListAsync("", Cancelled)) keys.Add(info.Key);
        return keys;
    }
}
