namespace Millrace.Ports.EventLog;

/// <summary>The log could not do what it was asked. Vendor exceptions stop here.</summary>
/// <param name="message">What failed, where, and what to do.</param>
/// <param name="retryable">Whether the same call may succeed later.</param>
/// <param name="innerException">The vendor's own exception.</param>
public sealed class EventLogException(string message, bool retryable, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed later.</summary>
    public bool Retryable { get; } = retryable;
}
