namespace Millrace.Hosting.Resilience;

/// <summary>Content that can be read again, for what has to be sent more than once or with its length: what a stream that can't seek gives is gone otherwise.</summary>
public static class TemporaryCopy
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Copies content into a file in the system's temporary directory that is deleted when it is disposed; positioned at its start.</summary>
    /// <param name="first">What has been read of the content already.</param>
    /// <param name="rest">The rest, read to its end.</param>
    /// <param name="cancellationToken">Deletes the file.</param>
    public static async Task<Stream> CreateAsync(ReadOnlyMemory<byte> first, Stream rest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rest);
        var copy = new FileStream(Path.Combine(Path.GetTempPath(), $"millrace-{Guid.NewGuid():n}"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        });
        try
        {
            await copy.WriteAsync(first, cancellationToken);
            await rest.CopyToAsync(copy, BufferBytes, cancellationToken);
            copy.Position = 0;
            return copy;
        }
        catch
        {
            await copy.DisposeAsync();
            throw;
        }
    }
}
