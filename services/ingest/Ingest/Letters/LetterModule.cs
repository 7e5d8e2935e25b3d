using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Ingest.Letters.Redrives;

namespace Millrace.Ingest.Letters;

/// <summary>Adds the list of dead letters and the redrives to the service.</summary>
internal static class LetterModule
{
    public static IServiceCollection AddLetters(this IServiceCollection services)
    {
        services.AddSingleton<LetterDatabase>();
        services.AddSingleton<LetterMetrics>();
        services.AddSingleton<LetterIndex>();
        services.AddSingleton<LetterStore>();
        services.AddSingleton<LetterEndpoints>();
        services.AddSingleton<RedriveSignal>();
        services.AddSingleton<RedriveStore>();
        services.AddSingleton<RedriveWork>();
        services.AddSingleton<Redriver>();
        services.AddSingleton<RedriveEndpoints>();
        services.AddHostedService<LetterIndexer>();
        services.AddHostedService<LetterHousekeeping>();
        services.AddHostedService<RedriveWorker>();
        return services;
    }

    public static void MapLetters(this IEndpointRouteBuilder endpoints)
    {
        endpoints.ServiceProvider.GetRequiredService<LetterEndpoints>().Map(endpoints);
        endpoints.ServiceProvider.GetRequiredService<RedriveEndpoints>().Map(endpoints);
    }
}
