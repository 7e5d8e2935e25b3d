using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Settings under <c>Millrace:ClickHouse</c>.</summary>
public sealed class ClickHouseOptions
{
    /// <summary>Address of the server's HTTP interface; unset when the embedded server runs, which says its address itself.</summary>
    public Uri? Url { get; set; }

    /// <summary>
    /// Further servers, replicas of the first: when one can't be reached, has lost its Keeper or is read-only, the next is used. Default none.
    /// </summary>
    public IList<Uri> Replicas { get; } = [];

    /// <summary>User with full rights on the database. Default <c>millrace</c>.</summary>
    [Required]
    public string User { get; set; } = "millrace";

    /// <summary>The user's password, at least 16 characters; needed with <see cref="Url"/>. Tenants' passwords are derived from it.</summary>
    [MinLength(16)]
    public string? Secret { get; set; }

    /// <summary>A file that holds <see cref="Secret"/>, white space around it ignored; instead of it.</summary>
    public string? SecretFile { get; set; }

    /// <summary>A PEM file with the authorities that may have signed the server's certificate (<c>https</c>). Default: the system's.</summary>
    public string? CertificateAuthorityFile { get; set; }

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
        foreach (var (file, setting) in new[] { (options.SecretFile, "SecretFile"), (options.CertificateAuthorityFile, "CertificateAuthorityFile") })
        {
            if (file is not null && !File.Exists(file)) return Fail($"{setting}: there is no file '{file}'.");
        }

        if (options.Secret is not null && options.SecretFile is not null) return Fail("Secret and SecretFile are both set; only one may be.");
        if (options.Url is null) return options.Replicas.Count == 0 ? ValidateOptionsResult.Success : Fail("Url must be set together with Millrace:ClickHouse:Replicas.");
        foreach (var url in (Uri[])[options.Url, .. options.Replicas])
        {
            if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https"))
                return ValidateOptionsResult.Fail($"Millrace:ClickHouse:{(url == options.Url ? "Url" : "Replicas")} '{url}' is not an http or https URL.");
        }

        if (options.Secret is null && options.SecretFile is null) return Fail("Secret must be set together with Millrace:ClickHouse:Url.");
        return ReadSecret(options).Length < 16 ? Fail("SecretFile: the secret has at least 16 characters.") : ValidateOptionsResult.Success;
    }

    /// <summary>The secret, wherever it is.</summary>
    public static string ReadSecret(ClickHouseOptions options) => options.SecretFile is { } file ? File.ReadAllText(file).Trim() : options.Secret!;

    private static ValidateOptionsResult Fail(string text) => ValidateOptionsResult.Fail("Millrace:ClickHouse:" + text);
}
