using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// Objects as files below one directory, which several stores and processes may share: a put is atomic by a hard link, not by a lock.
/// </summary>
internal sealed class FileSystemObjectStore : IObjectStore
{
    // '%' begins no name that a key becomes, so this directory is nobody's object.
    private const string TemporaryName = "%tmp";
    private const int BufferBytes = 64 * 1024;
    private readonly string _root;
    private readonly string _temporary;
    private readonly DurableDirectories _directories;
    private readonly TimeProvider _time;

    public FileSystemObjectStore(IOptions<FileSystemOptions> options, TimeProvider time, ILogger<FileSystemObjectStore> logger)
    {
        _root = Path.GetFullPath(options.Value.Directory).TrimEnd(Path.DirectorySeparatorChar);
        _temporary = Path.Combine(_root, TemporaryName);
        _directories = new DurableDirectories(_root);
        _time = time;
        Guard(
            $"The objects' directory {_root} can't be used",
            () =>
            {
                Directory.CreateDirectory(_temporary);
                RemoveStale(options.Value.StaleAfter, logger);
            });
    }

    public async Task<PutOutcome> PutAsync(string key, Stream content, ObjectPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        var path = ObjectPath.Of(key);
        try
        {
            using var upload = new Upload(_root, _temporary, _directories, _time);
            return await upload.RunAsync(path, content, options, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"The object '{key}' could not be stored", e);
        }
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_root, ObjectPath.Of(key));
        return Task.FromResult(Guard($"The object '{key}' can't be looked at", () => ObjectFiles.Read(path, key)));
    }

    public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var path = Path.Combine(_root, ObjectPath.Of(key));
        return Task.FromResult<Stream?>(Guard($"The object '{key}' can't be read", () => Open(path, offset)));
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        await Task.Yield();
        using var objects = new ObjectLister(_root, prefix).List().GetEnumerator();
        while (Guard($"The objects below '{prefix}' can't be listed", objects.MoveNext))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return objects.Current;
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_root, ObjectPath.Of(key));
        return Guard($"The object '{key}' can't be removed", () =>
        {
            if (ObjectFiles.Delete(path))
                RemoveEmpty(Path.GetDirectoryName(path)!);
            return Task.CompletedTask;
        });
    }

    /// <summary>Always <see langword="null"/>: a directory has no links for strangers.</summary>
    public Uri? CreateReadLink(string key, TimeSpan lifetime) => null;

    private static FileStream? Open(string path, long offset)
    {
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = BufferBytes,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            });
            file.Position = offset;
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void RemoveStale(TimeSpan age, ILogger logger)
    {
        // Younger ones may belong to another process that is writing them now.
        var oldest = _time.GetUtcNow().UtcDateTime - age;
        var removed = 0;
        foreach (var file in Directory.EnumerateFiles(_temporary))
        {
            try
            {
                if (File.GetLastWriteTimeUtc(file) >= oldest)
                    continue;
                File.Delete(file);
                removed++;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.StaleNotRemoved(logger, file, e);
            }
        }

        if (removed > 0)
            Log.RemovedStale(logger, removed, _temporary);
    }

    // Empty directories mean nothing, so this is only tidiness: where another put or delete is quicker, it simply ends.
    private void RemoveEmpty(string directory)
    {
        try
        {
            while (directory.Length > _root.Length && !Directory.EnumerateFileSystemEntries(directory).Any())
            {
                _directories.Forget(directory);
                Directory.Delete(directory);
                directory = Path.GetDirectoryName(directory)!;
            }
        }
        catch (IOException)
        {
            return;
        }
    }

    private static void Guard(string what, Action action) => Guard(what, () =>
    {
        action();
        return 0;
    });

    private static T Guard<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(what, e);
        }
    }

    // A full disk or an I/O error may pass; a missing right does not by itself.
    private static ObjectStoreException Failure(string what, Exception e) => new($"{what}: {e.Message}", e is IOException, e);
}
