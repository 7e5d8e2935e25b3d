using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Telemetry;

/// <summary>Settings under <c>Millrace:Telemetry</c>: logs, metrics, traces.</summary>
public sealed class TelemetryOptions
{
    /// <summary>How log lines look. Default <see cref="LogFormat.Simple"/>.</summary>
    public LogFormat Logs { get; set; } = LogFormat.Simple;

    /// <summary>Least level of our own log lines; the framework's are told from Warning on. Default Information.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>Collector that takes traces and metrics by OTLP, such as <c>http://localhost:4317</c>; unset, nothing is sent.</summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>How OTLP is spoken. Default <see cref="OtlpTransport.Grpc"/>.</summary>
    public OtlpTransport OtlpProtocol { get; set; } = OtlpTransport.Grpc;

    /// <summary>Headers for the collector, <c>name=value,name=value</c>, such as its API key.</summary>
    public string? OtlpHeaders { get; set; }

    /// <summary>How often metrics are sent to the collector. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1000000", "01:00:00")]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Part of the traces begun here that are recorded; a caller's own decision stands. Default 1.</summary>
    [Range(0.0, 1.0)]
    public double SampleRatio { get; set; } = 1;

    /// <summary>What traces and metrics call this process. Default: the name of its program.</summary>
    public string? ServiceName { get; set; }

    /// <summary>
    /// Further meters for <c>/metrics</c> and the export, beside <c>Millrace.*</c>, <c>System.Runtime</c> and the web server's; a <c>*</c> at the end
    /// stands for anything. <c>Microsoft.AspNetCore.Hosting</c> adds a histogram of all requests, at about a microsecond each.
    /// </summary>
    [Required]
    public IList<string> Meters { get; } = [];

    /// <summary>Label sets of one instrument, at most; what is more is folded into one series and counted. Default 2,000.</summary>
    [Range(10, 1_000_000)]
    public int MaxSeriesPerInstrument { get; set; } = 2000;

    /// <summary>The patterns of <see cref="Meters"/> with those that always count.</summary>
    internal IEnumerable<string> AllMeters => ["Millrace.*", "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel", .. Meters];
}

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    /// <summary>One line for people.</summary>
    Simple = 0,

    /// <summary>One JSON object a line, for machines.</summary>
    Json = 1,
}

/// <summary>The two transports of OTLP.</summary>
public enum OtlpTransport
{
    /// <summary>gRPC, usually port 4317.</summary>
    Grpc = 0,

    /// <summary>Protobuf over HTTP, usually port 4318; the signals' paths are appended to the endpoint.</summary>
    Http = 1,
}

/// <summary>Rules of <see cref="TelemetryOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class TelemetryOptionsValidator : IValidateOptions<TelemetryOptions>;
