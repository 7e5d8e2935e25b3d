namespace Millrace.Ports.Metadata;

/// <summary>
/// The database can't be opened, locked or migrated. Errors of single statements come as <see cref="System.Data.Common.DbException"/>.
/// </summary>
/// <param name="message">What failed, where, and what to do.</param>
/// <param name="retryable">Whether the same call may succeed later.</param>
/// <param name="innerException">The vendor's own exception.</param>
public sealed class MetadataDatabaseException(string message, bool retryable, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed later.</summary>
    public bool Retryable { get; } = retryable;
}
