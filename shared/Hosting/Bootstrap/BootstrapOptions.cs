using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;

namespace Millrace.Hosting.Bootstrap;

/// <summary>Settings under <c>Millrace:Bootstrap</c>: the first tenant and its first key.</summary>
public sealed class BootstrapOptions
{
    /// <summary>Name of the first tenant. Default <c>default</c>.</summary>
    [Required]
    public string Tenant { get; set; } = "default";

    /// <summary>
    /// An API key with all scopes, any text of at least 16 characters. It is in force as long as it stands here: another text at a later start
    /// replaces it. Unset, a random key is made when the database has none.
    /// </summary>
    [MinLength(16)]
    public string? ApiKey { get; set; }

    /// <summary>File that keeps the random key, readable by its owner only, so that a later start can show it again; unset, it is shown once.</summary>
    public string? KeyFile { get; set; }
}

/// <summary>Rules of <see cref="BootstrapOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class BootstrapOptionsValidator : IValidateOptions<BootstrapOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class BootstrapOptionsRules : IValidateOptions<BootstrapOptions>
{
    public ValidateOptionsResult Validate(string? name, BootstrapOptions options) => TenantName.IsValid(options.Tenant)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Millrace:Bootstrap:Tenant '{options.Tenant}' is not a tenant's name: {TenantName.Rule}");
}
