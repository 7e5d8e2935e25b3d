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

    /// <summary>Connections at once, WebSockets included, at most; more are answered with 503 and closed. Default 100,000.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConnections { get; set; } = 100_000;

    /// <summary>How long a connection without a request stays open. Default 130 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long the headers of a request may take. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of a body that must arrive each second, on average; a slower request is answered with 400 and its connection closed. Default 240.</summary>
    [Range(1, 1_000_000)]
    public int MinBodyRate { get; set; } = 240;

    /// <summary>How long a body may come slower than <see cref="MinBodyRate"/>. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:05:00")]
    public TimeSpan BodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Headers of a request, at most; more are answered with 431. Default 100.</summary>
    [Range(20, 1000)]
    public int MaxHeaders { get; set; } = 100;

    /// <summary>Bytes of a request's headers, at most; more are answered with 431. Default 32 KiB.</summary>
    [Range(8 * 1024, 1024 * 1024)]
    public int MaxHeaderBytes { get; set; } = 32 * 1024;
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
