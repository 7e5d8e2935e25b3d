namespace Millrace.Contracts.Errors;

/// <summary>
/// One error that a client can see: its stable code, the HTTP status it travels with, and whether the same request may succeed later.
/// All of them stand in <see cref="ErrorCodes"/>.
/// </summary>
/// <param name="Code">Stable, lower snake case; also the last segment of the problem's <c>type</c> (RFC 9457).</param>
/// <param name="Status">HTTP status when it is the outcome of a whole request.</param>
/// <param name="Retryable">Whether the same request may succeed later.</param>
/// <param name="Title">Short, the same for each occurrence.</param>
public sealed record ErrorCode(string Code, int Status, bool Retryable, string Title);
