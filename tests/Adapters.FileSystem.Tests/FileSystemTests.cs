using System.Runtime.Versioning;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.FileSystem.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class FileSystemTests : IDisposable
{
    private static readonly ObjectPutOptions Plain = new("text/plain", new Dictionary<string, string> { ["n"] = "1" });
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Root => _directory.File("objects");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Put_object_stands_where_its_key_says()
    {
        await PutAsync(Create(), "raw/tenant=t/stream=s/date=2026-01-01/hour=00/millrace.events-0-1-9.ndjson.gz");

        Assert.Equal("x", await File.ReadAllTextAsync(
            Path.Combine(Root, "raw/tenant=t/stream=s/date=2026-01-01/hour=00/millrace.events-0-1-9.ndjson.gz"), Cancelled));
        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "%tmp")));
    }

    [Fact]
    public async Task Put_stamps_the_object_with_the_clock()
    {
        var store = Create();
        await PutAsync(store, "a.txt");

        Assert.Equal(_time.GetUtcNow(), (await store.HeadAsync("a.txt", Cancelled))!.LastModified);
    }

    [Fact]
    public async Task Create_files_left_by_a_killed_process_are_removed_once_they_are_stale()
    {
        var store = Create();
        await PutAsync(store, "a.txt");
        var stale = Path.Combine(Root, "%tmp", "dead");
        var young = Path.Combine(Root, "%tmp", "alive");
        await File.WriteAllTextAsync(stale, "half", Cancelled);
        File.SetLastWriteTimeUtc(stale, _time.GetUtcNow().UtcDateTime.AddHours(-2));
        await File.WriteAllTextAsync(young, "half", Cancelled);
        File.SetLastWriteTimeUtc(young, _time.GetUtcNow().UtcDateTime.AddMinutes(-2));

        var reopened = Create();

        Assert.False(File.Exists(stale));
        Assert.True(File.Exists(young));
        Assert.Equal(["a.txt"], await ListAsync(reopened));
    }

    [Fact]
    public async Task Put_after_a_process_was_killed_between_metadata_and_object_succeeds()
    {
        var store = Create();
        // What is left when the process dies after the metadata has its place and before the object has its name.
        Directory.CreateDirectory(Path.Combine(Root, "d"));
        await File.WriteAllTextAsync(Path.Combine(Root, "d", $"a.txt%m{_time.GetUtcNow().Ticks:x}"), "{\"ContentType\":\"text/plain\"}", Cancelled);
        Assert.Empty(await ListAsync(store));
        Assert.Null(await store.HeadAsync("d/a.txt", Cancelled));

        Assert.Equal(PutOutcome.Created, await PutAsync(store, "d/a.txt"));

        Assert.Equal("1", (await store.HeadAsync("d/a.txt", Cancelled))!.Metadata!["n"]);
        Assert.Equal(["d/a.txt"], await ListAsync(store));
        await store.DeleteAsync("d/a.txt", Cancelled);
        Assert.False(Directory.Exists(Path.Combine(Root, "d")));
    }

    [Fact]
    public async Task Head_object_restored_from_a_copy_without_its_time_keeps_its_metadata()
    {
        var store = Create();
        await PutAsync(store, "a.txt");
        File.SetLastWriteTimeUtc(Path.Combine(Root, "a.txt"), _time.GetUtcNow().UtcDateTime.AddDays(1));

        Assert.Equal("1", (await store.HeadAsync("a.txt", Cancelled))!.Metadata!["n"]);
    }

    [Fact]
    public async Task Delete_last_object_removes_the_directories_above_it()
    {
        var store = Create();
        await PutAsync(store, "a/b/c.txt");
        await PutAsync(store, "a/d.txt");

        await store.DeleteAsync("a/b/c.txt", Cancelled);
        Assert.False(Directory.Exists(Path.Combine(Root, "a/b")));
        Assert.True(Directory.Exists(Path.Combine(Root, "a")));

        await store.DeleteAsync("a/d.txt", Cancelled);
        Assert.Equal(["%tmp"], Directory.GetFileSystemEntries(Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Put_and_delete_of_neighbours_at_once_never_fail()
    {
        var store = Create();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(PutOutcome.Created, await PutAsync(store, $"shared/dir/{worker}.txt"));
                Assert.NotNull(await store.HeadAsync($"shared/dir/{worker}.txt", Cancelled));
                await store.DeleteAsync($"shared/dir/{worker}.txt", Cancelled);
            }
        })));

        Assert.Empty(await ListAsync(store));
    }

    [Fact]
    public async Task Put_segment_longer_than_a_file_name_says_so()
    {
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => PutAsync(Create(), new string('k', 300)));

        Assert.False(error.Retryable);
        Assert.Contains("segment", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_directory_is_a_file_says_which()
    {
        File.WriteAllText(Root, "in the way");

        var error = Assert.Throws<ObjectStoreException>(() => Create());

        Assert.Contains(Root, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a%")]
    [InlineData("a/b", "a/b%")]
    [InlineData("a.b/c.d", "a%2Eb/c.d")]
    [InlineData(".hidden/.x", "%2Ehidden/.x")]
    [InlineData("50%/5%.txt", "50%25/5%25.txt")]
    [InlineData("%2E/a.b", "%252E/a.b")]
    public void ObjectPath_of_a_key_and_back(string key, string path)
    {
        Assert.Equal(path, ObjectPath.Of(key));

        var segments = path.Split('/');
        Assert.Equal(key, string.Join('/', [.. segments[..^1].Select(ObjectPath.DirectoryKey), ObjectPath.LeafKey(segments[^1])]));
    }

    [Fact]
    public void Options_defaults_are_valid() =>
        Assert.True(new FileSystemOptionsValidator().Validate(null, new FileSystemOptions()).Succeeded);

    [Fact]
    public void Options_wrong_settings_are_all_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Objects:Directory"] = "",
            ["Millrace:Objects:StaleAfter"] = "00:00:00",
            ["Millrace:Objects:Bucket"] = "b",
        }).Build();
        using var services = new ServiceCollection().AddLogging().AddFileSystemAdapter(configuration).BuildServiceProvider();

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IObjectStore>());

        Assert.Equal(
            [
                "Directory: The FileSystemOptions.Directory field is required.",
                "Millrace:Objects:Bucket is not a setting.",
                "StaleAfter: The field FileSystemOptions.StaleAfter must be between 00:00:01 and 30.00:00:00.",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }

    private FileSystemObjectStore Create() => new(
        Options.Create(new FileSystemOptions { Directory = Root }), _time, NullLogger<FileSystemObjectStore>.Instance);

    private static Task<PutOutcome> PutAsync(FileSystemObjectStore store, string key) =>
        store.PutAsync(key, new MemoryStream("x"u8.ToArray()), Plain, Cancelled);

    private static async Task<List<string>> ListAsync(FileSystemObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var info in store.ListAsync("", Cancelled)) keys.Add(info.Key);
        return keys;
    }
}
