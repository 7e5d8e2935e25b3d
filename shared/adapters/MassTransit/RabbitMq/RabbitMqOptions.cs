using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.MassTransit.RabbitMq;

/// <summary>Settings of the broker, section <c>Millrace:RabbitMq</c>.</summary>
public sealed class RabbitMqOptions
{
    private static readonly TimeSpan[] DefaultRedeliveries = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)];

    /// <summary>The broker's host. Default <c>localhost</c>.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>The broker's AMQP port. Unset: 5672, with TLS 5671.</summary>
    [Range(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>Virtual host. Default <c>/</c>.</summary>
    [Required]
    public string VirtualHost { get; set; } = "/";

    /// <summary>User. Default <c>guest</c>, whom a broker lets in from its own machine only.</summary>
    [Required]
    public string User { get; set; } = "guest";

    /// <summary>The user's password. Unset: the one in <see cref="PasswordFile"/>, else <c>guest</c>.</summary>
    public string? Password { get; set; }

    /// <summary>A file with the password, its last line break left out. Read at each connection, so a changed one needs no restart.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>TLS.</summary>
    public RabbitMqTlsOptions Tls { get; set; } = new();

    /// <summary>
    /// Name of the queue; the delayed ones and <c>_error</c> are named after it. Installations that share a virtual host need one each. Default <c>millrace-notifications</c>.
    /// </summary>
    [Required, StringLength(200, MinimumLength = 1), RegularExpression("[A-Za-z0-9._-]+")]
    public string Queue { get; set; } = "millrace-notifications";

    /// <summary>Whether queues are quorum queues, copied to several nodes of a cluster. An existing queue keeps its type: name another one to change it. Default false.</summary>
    public bool QuorumQueues { get; set; }

    /// <summary>Commands that the broker sends ahead to this process. Unset: as many as it handles at once, <c>Millrace:Notifications:Concurrency</c>.</summary>
    [Range(1, 10_000)]
    public int? Prefetch { get; set; }

    /// <summary>
    /// Delays after which a command comes again whose handler failed (not: whose delivery failed) in spite of the retries in the process, one after the
    /// other; after the last it goes to the error queue. Default (when empty): 2 s, 10 s, 30 s. Together they should be shorter than
    /// <c>Millrace:Alerting:Delivery:Lease</c>, after which the outbox sends a new command and an old one is passed over.
    /// </summary>
    public IList<TimeSpan> Redeliveries { get; } = [];

    /// <summary>
    /// How long a command may wait for a consumer before the broker drops it. Nothing is lost: the outbox has sent it anew by then, which is also why
    /// it bounds the queue. Default 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MessageTtl { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Commands that the error queue keeps; at the limit the oldest goes. Set when the queue is made. Default 10,000.</summary>
    [Range(1, 10_000_000)]
    public int ErrorQueueLength { get; set; } = 10_000;

    /// <summary>How often the two sides look for a sign of life of each other. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The delays that are in force.</summary>
    internal IReadOnlyList<TimeSpan> Delays => Redeliveries.Count == 0 ? DefaultRedeliveries : [.. Redeliveries];
}

/// <summary>How the connection to the broker is secured.</summary>
public sealed class RabbitMqTlsOptions
{
    /// <summary>Whether the connection is encrypted. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>Name that the broker's certificate must carry. Unset: the host's.</summary>
    public string? ServerName { get; set; }

    /// <summary>PEM file with the authorities that may have signed the broker's certificate. Unset: those of the machine.</summary>
    public string? CaFile { get; set; }

    /// <summary>PKCS #12 file with a certificate of ours, for a broker that asks for one.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>Password of <see cref="CertificateFile"/>.</summary>
    public string? CertificatePassword { get; set; }
}

/// <summary>Checks the annotations of <see cref="RabbitMqOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class RabbitMqOptionsValidator : IValidateOptions<RabbitMqOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class RabbitMqOptionsRules : IValidateOptions<RabbitMqOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        var failures = new List<string>();
        if (options.Password is not null && options.PasswordFile is not null)
            failures.Add("Millrace:RabbitMq:Password and Millrace:RabbitMq:PasswordFile exclude each other.");
        AddMissing(nameof(options.PasswordFile), options.PasswordFile, failures);
        AddMissing("Tls:CaFile", options.Tls.CaFile, failures);
        AddMissing("Tls:CertificateFile", options.Tls.CertificateFile, failures);
        if (options.Redeliveries.Any(delay => delay < TimeSpan.FromMilliseconds(1) || delay > Longest))
            failures.Add("Millrace:RabbitMq:Redeliveries must be between 00:00:00.001 and 1.00:00:00 each.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void AddMissing(string setting, string? file, List<string> failures)
    {
        if (file is not null && !File.Exists(file)) failures.Add($"Millrace:RabbitMq:{setting} '{file}' does not exist.");
    }
}
