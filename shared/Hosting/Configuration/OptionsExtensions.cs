using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Configuration;

/// <summary>Binds the sections under <c>Millrace:</c> so that a wrong setting stops the start and says which one it is.</summary>
public static class OptionsExtensions
{
    /// <summary>The section that all of ours stand under.</summary>
    public const string Root = "Millrace";

    /// <summary>
    /// Binds <c>Millrace:&lt;section&gt;</c> to options that a validator made by <c>[OptionsValidator]</c> checks. Unknown keys, values that
    /// can't be converted and values out of range all fail the start, listed together.
    /// </summary>
    /// <typeparam name="TOptions">The options.</typeparam>
    /// <typeparam name="TValidator">Their validator.</typeparam>
    /// <param name="services">Where to add them.</param>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="section">Name of the section, such as <c>Ingest</c>.</param>
    public static OptionsBuilder<TOptions> AddMillraceOptions<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TOptions,
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TValidator>(
        this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, TValidator>());
        return Bind<TOptions>(services, configuration, section);
    }

    /// <summary>The same with the data annotations of the options as the only rules.</summary>
    /// <typeparam name="TOptions">The options.</typeparam>
    /// <param name="services">Where to add them.</param>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="section">Name of the section, such as <c>Ingest</c>.</param>
    public static OptionsBuilder<TOptions> AddMillraceOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TOptions>(
        this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class =>
        Bind<TOptions>(services, configuration, section).ValidateDataAnnotations();

    private static OptionsBuilder<TOptions> Bind<TOptions>(IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentException.ThrowIfNullOrEmpty(section);
        var bound = configuration.GetSection(Root).GetSection(section);
        var errors = new BindingErrors<TOptions>(bound);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, BindingErrors<TOptions>>(_ => errors));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SectionNames>, SectionNames.Validator>());
        if (services.All(service => service.ImplementationInstance is not SectionNames.Marker))
        {
            services.AddSingleton(new SectionNames.Marker(configuration));
            services.AddOptions<SectionNames>().ValidateOnStart();
        }

        services.AddSingleton(new BoundSection(section, provider => provider.GetRequiredService<IOptions<TOptions>>().Value));
        return services.AddOptions<TOptions>().Configure(errors.Bind).ValidateOnStart();
    }

    /// <summary>Turns what the binder finds into validation failures, so that one start reports everything.</summary>
    private sealed class BindingErrors<TOptions>(IConfigurationSection section) : IValidateOptions<TOptions>
        where TOptions : class
    {
        private readonly List<string> _failures = [.. UnknownKeys.Find(section, typeof(TOptions))];

        public void Bind(TOptions options)
        {
            try
            {
                // Where a key is unknown the binder would stop before it has set the others, and their mistakes would go unreported.
                var strict = _failures.Count == 0;
                section.Bind(options, binder => binder.ErrorOnUnknownConfiguration = strict);
            }
            catch (InvalidOperationException e)
            {
                if (!_failures.Contains(e.Message))
                    _failures.Add(e.Message);
            }
        }

        public ValidateOptionsResult Validate(string? name, TOptions options) =>
            _failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_failures);
    }
}
