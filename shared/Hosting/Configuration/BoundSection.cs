namespace Millrace.Hosting.Configuration;

/// <summary>A section that this host reads.</summary>
/// <param name="Name">Name under <c>Millrace</c>.</param>
/// <param name="Read">Its options, valid ones.</param>
internal sealed record BoundSection(string Name, Func<IServiceProvider, object> Read);
