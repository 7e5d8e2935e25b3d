namespace Millrace.Ports.Objects;

/// <summary>
/// Immutable objects by key, as S3 defines them. Keys are relative, '/'-separated, at most 1,024 bytes of UTF-8, without empty,
/// "." or ".." segments. Safe from any thread. A successful put is durable and visible at once to every reader.
/// </summary>
public interface IObjectStore
{
    /// <summary>Stores an object unless its key exists (conditional put): an existing object is never changed.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="content">Read to its end from its current position; the caller disposes it.</param>
    /// <param name="options">Content type and metadata.</param>
    /// <param name="cancellationToken">Leaves no partial object behind.</param>
    /// <exception cref="ObjectStoreException">The store can't be reached or refused.</exception>
    Task<PutOutcome> PutAsync(string key, Stream content, ObjectPutOptions options, CancellationToken cancellationToken);

    /// <summary>Size, hash and metadata of an object, or <see langword="null"/> when there is none.</summary>
    Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Opens an object for reading from a byte offset, or <see langword="null"/> when there is none. The caller disposes the stream.</summary>
    Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken);

    /// <summary>Objects whose key starts with a prefix, by ascending key (ordinal).</summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes an object; a missing one is no error.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>A link that lets anyone read the object until it expires, or <see langword="null"/> where the store has no such thing.</summary>
    Uri? CreateReadLink(string key, TimeSpan lifetime);
}

/// <summary>What a put did.</summary>
public enum PutOutcome
{
    /// <summary>No answer: never returned.</summary>
    Unset = 0,

    /// <summary>The object was stored.</summary>
    Created = 1,

    /// <summary>The key existed: nothing was changed.</summary>
    AlreadyExists = 2,
}

/// <summary>What is stored beside the bytes.</summary>
/// <param name="ContentType">MIME type.</param>
/// <param name="Metadata">Lower-case ASCII names, short values; at most 2 KiB together.</param>
public sealed record ObjectPutOptions(string ContentType, IReadOnlyDictionary<string, string>? Metadata = null);

/// <summary>An object's properties.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="LastModified">When it was stored.</param>
/// <param name="Metadata">As put; <see langword="null"/> in listings.</param>
public sealed record ObjectInfo(string Key, long Size, DateTimeOffset LastModified, IReadOnlyDictionary<string, string>? Metadata);

/// <summary>The store could not do what it was asked. Vendor exceptions stop here.</summary>
/// <param name="message">What failed, where, and what to do.</param>
/// <param name="retryable">Whether the same call may succeed later.</param>
/// <param name="innerException">The vendor's own exception.</param>
public sealed class ObjectStoreException(string message, bool retryable, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed later.</summary>
    public bool Retryable { get; } = retryable;

    /// <summary>How long the store asked to be left alone; <see langword="null"/> when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
