namespace Millrace.Verify.Observe;

/// <summary>An alert as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">Its state.</param>
internal sealed record FoundAlert(string Id, string State);
