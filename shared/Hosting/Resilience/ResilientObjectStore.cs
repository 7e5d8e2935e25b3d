using System.Runtime.CompilerServices;
using Millrace.Ports.Objects;

namespace Millrace.Hosting.Resilience;

/// <summary>
/// Repeats the requests to any object store that fail with a retryable <see cref="ObjectStoreException"/>. A put whose answer was lost finds its own
/// object when it is repeated and says <see cref="PutOutcome.AlreadyExists"/>: who must know whose object it is compares its metadata.
/// </summary>
internal sealed class ResilientObjectStore(IObjectStore store, ObjectRetries retries) : IObjectStore
{
    public async Task<PutOutcome> PutAsync(string key, Stream content, ObjectPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (content.CanSeek) return await PutAsync(key, content, content.Position, options, cancellationToken);
        // What was read from such a stream is gone when the store fails, and keeping it in memory would have no bound.
        await using var copy = await TemporaryCopy.CreateAsync(ReadOnlyMemory<byte>.Empty, content, cancellationToken);
        return await PutAsync(key, copy, 0, options, cancellationToken);
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) =>
        retries.RunAsync("head", token => store.HeadAsync(key, token), cancellationToken);

    public async Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        var stream = await retries.RunAsync("read", token => store.OpenReadAsync(key, offset, token), cancellationToken);
        // Files and the like, which can seek, have no connection that could break.
        return stream is null or { CanSeek: true } ? stream : new ResumingStream(stream, store, retries, key, offset);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<ObjectInfo>? objects = null;
        string? last = null;
        try
        {
            while (await retries.RunAsync("list", NextAsync, cancellationToken) is { } next)
            {
                last = next.Key;
                yield return next;
            }
        }
        finally
        {
            if (objects is not null) await objects.DisposeAsync();
        }

        async Task<ObjectInfo?> NextAsync(CancellationToken token)
        {
            objects ??= store.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
            try
            {
                while (await objects.MoveNextAsync())
                {
                    // After a failure the listing begins anew; what has been given is passed over.
                    if (last is null || string.CompareOrdinal(objects.Current.Key, last) > 0) return objects.Current;
                }

                return null;
            }
            catch (ObjectStoreException)
            {
                await objects.DisposeAsync();
                objects = null;
                throw;
            }
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => retries.RunAsync(
        "delete",
        async token =>
        {
            await store.DeleteAsync(key, token);
            return true;
        },
        cancellationToken);

    public Uri? CreateReadLink(string key, TimeSpan lifetime) => store.CreateReadLink(key, lifetime);

    private Task<PutOutcome> PutAsync(string key, Stream content, long start, ObjectPutOptions options, CancellationToken cancellationToken) =>
        retries.RunAsync(
            "put",
            token =>
            {
                content.Position = start;
                return store.PutAsync(key, content, options, token);
            },
            cancellationToken);
}
