using System.Security.Cryptography;
using System.Text;
using Millrace.Ports.Objects;
using Xunit;

namespace Millrace.Contract.Suites;

/// <summary>What every <see cref="IObjectStore"/> must do. A subclass opens stores on one empty bucket.</summary>
public abstract class ObjectStoreContract : IAsyncLifetime
{
    private static readonly ObjectPutOptions Plain = new("text/plain");

    /// <summary>Another store on the same objects, as another process would open it. Each test begins with an empty one.</summary>
    protected abstract ValueTask<IObjectStore> CreateAsync();

    /// <summary>Removes all objects.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Put_new_key_is_visible_at_once_to_every_store()
    {
        var (one, other) = (await CreateAsync(), await CreateAsync());
        var metadata = new Dictionary<string, string> { ["rows"] = "42", ["sha256"] = "ab12" };
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-5);

        var outcome = await PutAsync(one, "raw/tenant=t/a.txt", "hello", new ObjectPutOptions("text/plain", metadata));

        Assert.Equal(PutOutcome.Created, outcome);
        Assert.Equal("hello", await ReadAsync(other, "raw/tenant=t/a.txt"));
        var info = await other.HeadAsync("raw/tenant=t/a.txt", Cancelled);
        Assert.NotNull(info);
        Assert.Equal(("raw/tenant=t/a.txt", 5), (info.Key, info.Size));
        Assert.Equal(metadata, info.Metadata);
        Assert.InRange(info.LastModified, before, before.AddMinutes(10));
    }

    [Fact]
    public async Task Put_existing_key_changes_nothing()
    {
        var store = await CreateAsync();
        await PutAsync(store, "a.txt", "first", new ObjectPutOptions("text/plain", new Dictionary<string, string> { ["n"] = "1" }));

        var outcome = await PutAsync(store, "a.txt", "second", new ObjectPutOptions("text/plain", new Dictionary<string, string> { ["n"] = "2" }));

        Assert.Equal(PutOutcome.AlreadyExists, outcome);
        Assert.Equal("first", await ReadAsync(store, "a.txt"));
        Assert.Equal("1", (await store.HeadAsync("a.txt", Cancelled))!.Metadata!["n"]);
    }

    [Fact]
    public async Task Put_same_key_by_many_at_once_creates_exactly_one_whole_object()
    {
        var stores = new[] { await CreateAsync(), await CreateAsync() };
        for (var round = 0; round < 10; round++)
        {
            var key = $"race/{round}.bin";
            var contents = Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 20_000 + i)).ToArray();

            var outcomes = await Task.WhenAll(contents.Select((content, i) => Task.Run(() => PutAsync(
                stores[i % 2], key, content, new ObjectPutOptions("text/plain", new Dictionary<string, string> { ["writer"] = content[..1] })))));

            Assert.Equal(1, outcomes.Count(outcome => outcome == PutOutcome.Created));
            Assert.Equal(7, outcomes.Count(outcome => outcome == PutOutcome.AlreadyExists));
            var winner = contents[Array.IndexOf(outcomes, PutOutcome.Created)];
            Assert.Equal(winner, await ReadAsync(stores[round % 2], key));
            Assert.Equal(winner[..1], (await stores[1].HeadAsync(key, Cancelled))!.Metadata!["writer"]);
        }
    }

    [Fact]
    public async Task Put_content_fails_leaves_no_object()
    {
        var store = await CreateAsync();
        await using var content = new BreakingStream();

        await Assert.ThrowsAnyAsync<Exception>(() => store.PutAsync("broken.bin", content, Plain, Cancelled));

        Assert.Null(await store.HeadAsync("broken.bin", Cancelled));
        Assert.Empty(await ListAsync(store, ""));
        Assert.Equal(PutOutcome.Created, await PutAsync(store, "broken.bin", "whole"));
    }

    [Fact]
    public async Task Put_cancelled_leaves_no_object()
    {
        var store = await CreateAsync();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => store.PutAsync("cancelled.bin", new MemoryStream(new byte[100_000]), Plain, stop.Token));

        Assert.Null(await store.HeadAsync("cancelled.bin", Cancelled));
    }

    [Fact]
    public async Task Put_large_content_comes_back_byte_for_byte()
    {
        var store = await CreateAsync();
        var content = RandomNumberGenerator.GetBytes((6 * 1024 * 1024) + 17);

        await store.PutAsync("large.bin", new MemoryStream(content), Plain, Cancelled);

        await using var read = await store.OpenReadAsync("large.bin", 0, Cancelled);
        Assert.Equal(SHA256.HashData(content), await SHA256.HashDataAsync(read!, Cancelled));
    }

    [Fact]
    public async Task Put_stream_in_the_middle_stores_from_its_position_and_empty_content_is_an_object()
    {
        var store = await CreateAsync();
        var content = new MemoryStream("skipped kept"u8.ToArray()) { Position = 8 };

        await store.PutAsync("position.txt", content, Plain, Cancelled);
        await PutAsync(store, "empty.txt", "");

        Assert.Equal("kept", await ReadAsync(store, "position.txt"));
        Assert.Equal(0, (await store.HeadAsync("empty.txt", Cancelled))!.Size);
        Assert.Equal("", await ReadAsync(store, "empty.txt"));
    }

    [Theory]
    [InlineData(0, "0123456789")]
    [InlineData(4, "456789")]
    [InlineData(9, "9")]
    public async Task OpenRead_from_an_offset_reads_the_rest(long offset, string expected)
    {
        var store = await CreateAsync();
        await PutAsync(store, "digits.txt", "0123456789");

        await using var stream = await store.OpenReadAsync("digits.txt", offset, Cancelled);

        using var reader = new StreamReader(stream!);
        Assert.Equal(expected, await reader.ReadToEndAsync(Cancelled));
    }

    [Fact]
    public async Task OpenRead_object_deleted_meanwhile_is_still_read_or_fails_but_is_never_cut()
    {
        var store = await CreateAsync();
        await PutAsync(store, "gone.txt", new string('x', 300_000));
        await using var stream = await store.OpenReadAsync("gone.txt", 0, Cancelled);

        await store.DeleteAsync("gone.txt", Cancelled);

        Assert.Null(await store.HeadAsync("gone.txt", Cancelled));
        try
        {
            using var reader = new StreamReader(stream!);
            Assert.Equal(300_000, (await reader.ReadToEndAsync(Cancelled)).Length);
        }
        catch (Exception e) when (e is IOException or ObjectStoreException)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    [Fact]
    public async Task Missing_object_is_null_everywhere_and_deleting_it_is_no_error()
    {
        var store = await CreateAsync();

        Assert.Null(await store.HeadAsync("no/such.txt", Cancelled));
        Assert.Null(await store.OpenReadAsync("no/such.txt", 0, Cancelled));
        await store.DeleteAsync("no/such.txt", Cancelled);
        Assert.Empty(await ListAsync(store, "no/"));
    }

    [Fact]
    public async Task Delete_then_put_stores_anew()
    {
        var store = await CreateAsync();
        await PutAsync(store, "deep/er/a.txt", "old", new ObjectPutOptions("text/plain", new Dictionary<string, string> { ["n"] = "old" }));
        await PutAsync(store, "deep/b.txt", "stays");

        await store.DeleteAsync("deep/er/a.txt", Cancelled);
        var outcome = await PutAsync(store, "deep/er/a.txt", "new", new ObjectPutOptions("text/plain", new Dictionary<string, string> { ["n"] = "new" }));

        Assert.Equal(PutOutcome.Created, outcome);
        Assert.Equal("new", await ReadAsync(store, "deep/er/a.txt"));
        Assert.Equal("new", (await store.HeadAsync("deep/er/a.txt", Cancelled))!.Metadata!["n"]);
        Assert.Equal("stays", await ReadAsync(store, "deep/b.txt"));
    }

    [Fact]
    public async Task List_prefix_gives_its_objects_by_ordinal_key()
    {
        var store = await CreateAsync();
        string[] keys =
        [
            "b", "a/b", "a", "a.txt", "a-b/c.gz", "a/b.c/d", "a/b/c", "a0", "A.txt", "a/.hidden", "ü/x", "raw/tenant=t/stream=s.eu/1.ndjson.gz",
            "raw/tenant=t/stream=s/1.ndjson.gz", "raw/tenant=t/stream=s/2.ndjson.gz", "raw/tenant=t2/x.gz", "100%/50%.txt", "a b/c+d&e=f", "q?*[x]",
        ];
        foreach (var key in keys.Reverse()) await PutAsync(store, key, key);

        Assert.Equal(keys.Order(StringComparer.Ordinal), await ListAsync(store, ""));
        foreach (var prefix in new[] { "a", "a/", "a/b", "raw/tenant=t", "raw/tenant=t/", "raw/tenant=t/stream=s/", "ü", "100%", "q?", "nothing", "raw/tenant=t/stream=s/1" })
            Assert.Equal(
                keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal), await ListAsync(store, prefix));
        foreach (var key in keys)
        {
            Assert.Equal(key, await ReadAsync(store, key));
            Assert.Equal(Encoding.UTF8.GetByteCount(key), (await store.HeadAsync(key, Cancelled))!.Size);
        }
    }

    [Fact]
    public async Task List_while_objects_come_and_go_gives_those_that_stay_once_each()
    {
        var store = await CreateAsync();
        var staying = Enumerable.Range(0, 60).Select(i => $"d{i % 5}/stay-{i:000}.txt").ToArray();
        foreach (var key in staying) await PutAsync(store, key, "x");
        using var stop = new CancellationTokenSource();
        var churn = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await PutAsync(store, $"d{i % 7}/churn-{i % 10}.txt", "y");
                await store.DeleteAsync($"d{i % 7}/churn-{i % 10}.txt", Cancelled);
            }
        });

        for (var round = 0; round < 10; round++)
        {
            var listed = await ListAsync(store, "");
            Assert.Equal(staying.Order(StringComparer.Ordinal), listed.Where(key => key.Contains("stay", StringComparison.Ordinal)));
        }

        await stop.CancelAsync();
        await churn;
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/../../b")]
    [InlineData("a/./b")]
    [InlineData("..")]
    [InlineData("a\0b")]
    public async Task Key_against_the_rules_is_refused(string key)
    {
        var store = await CreateAsync();

        await Assert.ThrowsAnyAsync<ArgumentException>(() => PutAsync(store, key, "x"));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => store.HeadAsync(key, Cancelled));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => store.OpenReadAsync(key, 0, Cancelled));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => store.DeleteAsync(key, Cancelled));
    }

    [Fact]
    public async Task Key_of_1024_bytes_is_taken_and_a_longer_one_refused()
    {
        var store = await CreateAsync();
        var key = string.Join('/', Enumerable.Repeat(new string('k', 127), 8)) + "x";
        Assert.Equal(1024, key.Length);

        Assert.Equal(PutOutcome.Created, await PutAsync(store, key, "x"));
        Assert.Equal([key], await ListAsync(store, "kkk"));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => PutAsync(store, key + "y", "x"));
    }

    [Fact]
    public async Task CreateReadLink_gives_an_absolute_link_or_none()
    {
        var store = await CreateAsync();
        await PutAsync(store, "a.txt", "x");

        var link = store.CreateReadLink("a.txt", TimeSpan.FromMinutes(5));

        Assert.True(link is null || link.IsAbsoluteUri);
    }

    private static Task<PutOutcome> PutAsync(IObjectStore store, string key, string content, ObjectPutOptions? options = null) =>
        store.PutAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(content)), options ?? Plain, Cancelled);

    private static async Task<string> ReadAsync(IObjectStore store, string key)
    {
        await using var stream = await store.OpenReadAsync(key, 0, Cancelled);
        Assert.NotNull(stream);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancelled);
    }

    private static async Task<List<string>> ListAsync(IObjectStore store, string prefix)
    {
        var keys = new List<string>();
        await foreach (var info in store.ListAsync(prefix, Cancelled)) keys.Add(info.Key);
        return keys;
    }

    /// <summary>Gives some bytes, then fails.</summary>
    private sealed class BreakingStream : MemoryStream
    {
        public BreakingStream()
            : base(new byte[200_000])
        {
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > 100_000 ? throw new IOException("The source broke.") : await base.ReadAsync(buffer[..Math.Min(buffer.Length, 60_000)], cancellationToken);

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            CopySlowlyAsync(destination, cancellationToken);

        private async Task CopySlowlyAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[60_000];
            int read;
            while ((read = await ReadAsync(buffer, cancellationToken)) > 0)
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
