using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>The methods of the server API.</summary>
internal static class ServerApiServices
{
    public static void AddServerApi(this IServiceCollection services) => services.TryAddEnumerable([
        ServiceDescriptor.Singleton<ApiMethod, BroadcastMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, HistoryMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, HistoryRemoveMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, PublishMethod>(),
    ]);
}
