namespace Millrace.Ingest.Events;

/// <summary>A refused event of a request.</summary>
/// <param name="Index">Position in the request, from 0.</param>
/// <param name="Id">Its id, where it could be read.</param>
/// <param name="Fault">Why.</param>
/// <param name="Start">Where it stands in the request's decompressed body.</param>
/// <param name="Length">Its bytes there.</param>
/// <param name="Restated">The event in CloudEvents structured mode, where the body is not all of it.</param>
internal sealed record Rejection(int Index, string? Id, Fault Fault, int Start, int Length, byte[]? Restated);
