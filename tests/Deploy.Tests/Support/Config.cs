namespace Millrace.Deploy.Tests.Support;

/// <summary>The settings that an overlay gives all services.</summary>
internal static class Config
{
    public static IReadOnlyDictionary<string, string> Of(Overlay overlay) =>
        overlay.OfKind("ConfigMap").Single(map => map.Name.StartsWith("millrace-config", StringComparison.Ordinal)).Json.Map("data");
}
