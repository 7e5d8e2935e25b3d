using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Millrace.Hosting.Configuration;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>Objects as files.</summary>
public static class FileSystemModule
{
    /// <summary>Makes a directory the <see cref="IObjectStore"/>, with the settings under <c>Millrace:Objects</c>.</summary>
    public static IServiceCollection AddFileSystemAdapter(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<FileSystemOptions, FileSystemOptionsValidator>(configuration, "Objects");
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IObjectStore, FileSystemObjectStore>();
        return services;
    }
}
