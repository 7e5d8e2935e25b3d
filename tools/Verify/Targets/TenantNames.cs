using System.Globalization;
using Millrace.Installations;

namespace Millrace.Verify.Targets;

/// <summary>Tenants of an installation whose signing key the checker knows.</summary>
internal static class TenantNames
{
    /// <summary>So many names.</summary>
    public static IReadOnlyList<string> Of(int count) => [.. Enumerable.Range(0, count).Select(i => "tenant" + i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>A token for a day, which outlasts jumps of the clock.</summary>
    public static string Credential(string tenant) => Tokens.Mint(tenant, "ingest read write", TimeProvider.System.GetUtcNow().AddDays(1));
}
