using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>What presence needs.</summary>
internal static class PresenceServices
{
    public static void AddPresence(this IServiceCollection services)
    {
        services.TryAddSingleton<GatewayNode>();
        services.TryAddSingleton<LocalPresence>();
        services.TryAddSingleton<PresenceTable>();
        services.TryAddSingleton<PresenceReader>();
        services.AddWorker<PresenceSource>();
        services.AddWorker<PresenceWriter>();
    }
}
