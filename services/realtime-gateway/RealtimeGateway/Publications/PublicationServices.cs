using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>What publications need.</summary>
internal static class PublicationServices
{
    public static void AddPublications(this IServiceCollection services)
    {
        services.TryAddSingleton<ConnectionOrders>();
        services.TryAddSingleton<PublicationLedger>();
        services.TryAddSingleton<PublicationWriter>();
        services.AddWorker<PublicationSource>();
    }
}
