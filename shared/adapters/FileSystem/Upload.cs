using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// One put. Content and metadata are written to temporary files and synced; then the metadata gets its place, and last the object its name, by a
/// link that fails when the name is taken. That link is the only moment that counts: before it there is no object, after it a whole one.
/// </summary>
/// <remarks>
/// Metadata stands beside the object in <c>&lt;name&gt;%m&lt;ticks&gt;</c>, ticks being the object's own modification time, which a link keeps.
/// So of two writers of one key the loser's metadata never belongs to the winner's object.
/// </remarks>
internal sealed class Upload(string root, string temporary, DurableDirectories directories, TimeProvider time) : IDisposable
{
    private const int BufferBytes = 128 * 1024;
    private readonly string _content = Path.Combine(temporary, Guid.NewGuid().ToString("n"));
    private readonly string _metadata = Path.Combine(temporary, Guid.NewGuid().ToString("n") + ".m");

    /// <summary>Writes and names the object at a path; leaves no trace when that exists or anything fails.</summary>
    public async Task<PutOutcome> RunAsync(string relative, Stream content, ObjectPutOptions options, CancellationToken cancellationToken)
    {
        var target = Path.Combine(root, relative);
        if (File.Exists(target))
            return PutOutcome.AlreadyExists;

        var stamp = time.GetUtcNow().UtcDateTime;
        await WriteAsync(_content, content, stamp, cancellationToken);
        await using (var metadata = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(
            new StoredMetadata(options.ContentType, options.Metadata), MetadataJson.Default.StoredMetadata)))
            await WriteAsync(_metadata, metadata, stamp, cancellationToken);

        PutOutcome? outcome;
        while ((outcome = TryName(target)) is null)
            cancellationToken.ThrowIfCancellationRequested();
        return outcome.Value;
    }

    public void Dispose()
    {
        File.Delete(_content);
        File.Delete(_metadata);
    }

    private static async Task WriteAsync(string path, Stream content, DateTime stamp, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            Options = FileOptions.Asynchronous,
        });
        await content.CopyToAsync(file, BufferBytes, cancellationToken);
        File.SetLastWriteTimeUtc(file.SafeFileHandle, stamp);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gives the object its name. Null when a delete removed the directory meanwhile, because it was empty: try again.</summary>
    private PutOutcome? TryName(string target)
    {
        var directory = Path.GetDirectoryName(target)!;
        string? orphan = null;
        try
        {
            directories.Ensure(directory);
            orphan = LinkMetadata(target);
            if (!Posix.TryLink(_content, target))
                return PutOutcome.AlreadyExists;
            orphan = null;
        }
        catch (DirectoryNotFoundException)
        {
            directories.Forget(directory);
            return null;
        }
        finally
        {
            if (orphan is not null)
                ObjectFiles.DeleteQuietly(orphan);
        }

        if (Directory.Exists(directory)) // It is not when somebody has deleted the object already.
            Posix.SyncDirectory(directory);
        return PutOutcome.Created;
    }

    private string LinkMetadata(string target)
    {
        while (true)
        {
            // Read back: the file system's clock may be coarser than ours.
            var stamp = File.GetLastWriteTimeUtc(_content);
            var beside = ObjectFiles.MetadataOf(target, stamp);
            if (Posix.TryLink(_metadata, beside))
                return beside;
            File.SetLastWriteTimeUtc(_content, stamp.AddMilliseconds(1));
        }
    }
}

/// <summary>What is stored beside an object.</summary>
internal sealed record StoredMetadata(string ContentType, IReadOnlyDictionary<string, string>? Metadata);

[JsonSerializable(typeof(StoredMetadata))]
internal sealed partial class MetadataJson : JsonSerializerContext;
