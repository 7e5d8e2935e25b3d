using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Authentication;

/// <summary>Settings under <c>Millrace:Auth</c>.</summary>
public sealed class AuthOptions
{
    /// <summary>
    /// Key of the tokens that Millrace itself signs (HS256): text of at least 32 bytes, the same on every instance. Without one a random key is
    /// made at the first start and kept in the metadata database.
    /// </summary>
    public string? SigningKey { get; set; }

    /// <summary>File with a JSON Web Key Set whose RS256 and ES256 keys are accepted; read again when it changes.</summary>
    public string? JwksFile { get; set; }

    /// <summary>URL of an OpenID Connect issuer whose RS256 and ES256 keys are accepted, found by discovery.</summary>
    public Uri? Authority { get; set; }

    /// <summary>Whether the authority must be reached by HTTPS. Default true.</summary>
    public bool RequireHttps { get; set; } = true;

    /// <summary>What the claim <c>aud</c> must name; unset, it is not looked at.</summary>
    public string? Audience { get; set; }

    /// <summary>What the claim <c>iss</c> of RS256 and ES256 tokens must be; unset, it is the authority's own name, or not looked at.</summary>
    public string? Issuer { get; set; }

    /// <summary>How far clocks may differ when <c>exp</c> and <c>nbf</c> are judged. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The claim that names the tenant. Default <c>tenant</c>.</summary>
    [Required]
    public string TenantClaim { get; set; } = "tenant";

    /// <summary>The claim that lists the roles. Default <c>roles</c>.</summary>
    [Required]
    public string RolesClaim { get; set; } = "roles";

    /// <summary>API keys that are not revoked, at most, of a tenant; no more are made then. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxKeysPerTenant { get; set; } = 1000;

    /// <summary>
    /// How long a known API key stays good without the metadata database being asked, while it can't be. A key that is revoked then is refused only
    /// once the database is back, or this has passed. Zero: not at all, and such requests get 503. Default 10 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan KeyGrace { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Verdicts kept in memory, at most; the cache starts anew when it is full. Default 20,000.</summary>
    [Range(100, 10_000_000)]
    public int CachedCredentials { get; set; } = 20_000;
}

/// <summary>Rules of <see cref="AuthOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class AuthOptionsValidator : IValidateOptions<AuthOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class AuthOptionsRules : IValidateOptions<AuthOptions>
{
    /// <summary>RFC 7518, section 3.2: a key of HS256 has at least the size of the hash.</summary>
    public const int KeyBytes = 32;

    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var failures = new List<string>();
        if (options.SigningKey is { } key && Encoding.UTF8.GetByteCount(key) < KeyBytes)
            failures.Add($"Millrace:Auth:SigningKey has {Encoding.UTF8.GetByteCount(key)} bytes; it needs at least {KeyBytes}.");
        if (options.JwksFile is { } file && !File.Exists(file))
            failures.Add($"Millrace:Auth:JwksFile: there is no file '{file}'.");
        if (options.Authority is { } authority)
        {
            if (!authority.IsAbsoluteUri || authority.Scheme is not ("http" or "https"))
                failures.Add($"Millrace:Auth:Authority '{authority}' is not an http or https URL.");
            else if (options.RequireHttps && authority.Scheme != "https")
                failures.Add("Millrace:Auth:Authority is not https; for a test set Millrace:Auth:RequireHttps to false.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
