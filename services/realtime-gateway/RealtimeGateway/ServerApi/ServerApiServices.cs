using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>The methods of the server API.</summary>
internal static class ServerApiServices
{
    public static void AddServerApi(this IServiceCollection services) => services.TryAddEnumerable([
        ServiceDescriptor.Singleton<ApiMethod, BroadcastMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, ChannelsMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, DisconnectMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, HistoryMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, HistoryRemoveMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, InfoMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, PresenceMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, PresenceStatsMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, PublishMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, RefreshMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, SubscribeMethod>(),
        ServiceDescriptor.Singleton<ApiMethod, UnsubscribeMethod>(),
    ]);
}
