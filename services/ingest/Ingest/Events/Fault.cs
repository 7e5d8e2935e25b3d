using Millrace.Contracts.Errors;

namespace Millrace.Ingest.Events;

/// <summary>Why an event is refused.</summary>
/// <param name="Code">From the error table.</param>
/// <param name="Field">Path of the field at fault, such as <c>values.amount</c>; empty when it is the whole event.</param>
/// <param name="Message">What is wrong and what to do.</param>
internal sealed record Fault(ErrorCode Code, string Field, string Message);
