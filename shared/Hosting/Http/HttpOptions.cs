using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Events;

namespace Millrace.Hosting.Http;

/// <summary>Settings under <c>Millrace:Http</c>: where a host listens and what it bears.</summary>
public sealed class HttpOptions
{
    /// <summary>Address to listen at: an IP address, <c>localhost</c>, or <c>*</c> for all. Default <c>127.0.0.1</c>.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Port to listen at; 0 lets the system choose. Unset, the host's own (standalone 8080, services 8081 to 8085).</summary>
    [Range(0, 65535)]
    public int? Port { get; set; }

    /// <summary>Bytes of a request's body as sent, at most; more is answered with 413. Default 16 MiB.</summary>
    [Range(1024, int.MaxValue)]
    public int MaxBodyBytes { get; set; } = EventLimits.RequestBytes;

    /// <summary>Connections at once, WebSockets included, at most; more are closed at once. Default 100,000.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConnections { get; set; } = 100_000;

    /// <summary>How long a connection without a request stays open. Default 130 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long the headers of a request may take. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Rules of <see cref="HttpOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class HttpOptionsValidator : IValidateOptions<HttpOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class HttpOptionsRules : IValidateOptions<HttpOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpOptions options) =>
        options.Address is "*" or "localhost" || IPAddress.TryParse(options.Address, out _)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Millrace:Http:Address '{options.Address}' is not an IP address, localhost or *.");
}
