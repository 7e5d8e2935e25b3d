namespace Millrace.Hosting.Http;

/// <summary>Something that a request needs can't be reached; the request is answered with 503 and may be tried again.</summary>
/// <param name="message">What, for the client; no secrets.</param>
/// <param name="innerException">The cause, for the log.</param>
public sealed class DependencyException(string message, Exception? innerException = null) : Exception(message, innerException);
