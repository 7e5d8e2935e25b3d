using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Settings under <c>Millrace:ClickHouse</c>.</summary>
public sealed class ClickHouseOptions
{
    /// <summary>Address of the server's HTTP interface; unset when the embedded server runs, which says its address itself.</summary>
    public Uri? Url { get; set; }

    /// <summary>User with full rights on the database. Default <c>millrace</c>.</summary>
    [Required]
    public string User { get; set; } = "millrace";

    /// <summary>The user's password, at least 16 characters; needed with <see cref="Url"/>. Tenants' passwords are derived from it.</summary>
    [MinLength(16)]
    public string? Secret { get; set; }

    /// <summary>Longest time without a byte from the server while a statement runs. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Connections to the server, at most. Default 32.</summary>
    [Range(1, 1024)]
    public int MaxConnections { get; set; } = 32;
}

/// <summary>Rules of <see cref="ClickHouseOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class ClickHouseOptionsValidator : IValidateOptions<ClickHouseOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class ClickHouseOptionsRules : IValidateOptions<ClickHouseOptions>
{
    public ValidateOptionsResult Validate(string? name, ClickHouseOptions options)
    {
        if (options.Url is null) return ValidateOptionsResult.Success;
        if (!options.Url.IsAbsoluteUri || options.Url.Scheme is not ("http" or "https"))
            return ValidateOptionsResult.Fail($"Millrace:ClickHouse:Url '{options.Url}' is not an http or https URL.");
        return options.Secret is null
            ? ValidateOptionsResult.Fail("Millrace:ClickHouse:Secret must be set together with Millrace:ClickHouse:Url.")
            : ValidateOptionsResult.Success;
    }
}
