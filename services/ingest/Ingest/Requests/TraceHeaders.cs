using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts;

namespace Millrace.Ingest.Requests;

/// <summary>The trace context (W3C) that goes with the records of a request.</summary>
internal static class TraceHeaders
{
    /// <summary>
    /// Headers of the records: the span of this request where the producer sent <c>traceparent</c> or the request is traced, and none otherwise,
    /// since a header costs more than a small event.
    /// </summary>
    public static IReadOnlyDictionary<string, string>? Of(HttpContext http)
    {
        var sent = http.Request.Headers.TraceParent;
        var activity = Activity.Current;
        if (sent.Count == 0 && activity is not { Recorded: true }) return null;
        var parent = activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : sent.ToString();
        return ActivityContext.TryParse(parent, null, out _) ? new Dictionary<string, string>(1, StringComparer.Ordinal) { [Headers.TraceParent] = parent } : null;
    }
}
