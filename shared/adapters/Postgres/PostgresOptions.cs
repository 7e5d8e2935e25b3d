using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>Settings under <c>Millrace:Postgres</c>: where the metadata database is when it is PostgreSQL.</summary>
public sealed class PostgresOptions
{
    /// <summary>Name of the section under <c>Millrace</c>.</summary>
    public const string Section = "Postgres";

    private const string Defaults =
        "Host=localhost;Database=millrace;Username=millrace;Application Name=millrace;Maximum Pool Size=20;Timeout=10;Command Timeout=30";

    /// <summary>
    /// A connection string as Npgsql takes it, for TLS, several hosts and everything else that has no setting of its own here. The settings below
    /// win over what it says. Default: none.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>Host name, or the directory of a Unix socket. Default <c>localhost</c>.</summary>
    public string? Host { get; set; }

    /// <summary>Port. Default 5432.</summary>
    [Range(1, 65535)]
    public int? Port { get; set; }

    /// <summary>Name of the database, which must exist. Default <c>millrace</c>.</summary>
    public string? Database { get; set; }

    /// <summary>User. Default <c>millrace</c>.</summary>
    public string? Username { get; set; }

    /// <summary>Password. Default: none.</summary>
    public string? Password { get; set; }

    /// <summary>File whose first line is the password, read at each new connection, so that a changed password needs no restart. Default: none.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>Connections of this process, at most; one more listens for changes. Further work waits for a free one. Default 20.</summary>
    [Range(2, 1000)]
    public int? MaxPoolSize { get; set; }

    /// <summary>How long a new connection, or a free one when all are busy, is waited for. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan? ConnectTimeout { get; set; }

    /// <summary>How long a statement may take. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan? CommandTimeout { get; set; }

    /// <summary>
    /// How long the server lets a transaction of a process that says nothing hold its locks (<c>idle_in_transaction_session_timeout</c>). A process that is
    /// stopped, or a machine that is frozen, would hold up all others for as long as it stands still; what it had begun is undone, and run again when it goes on. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleTransactionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a transaction is run again when it conflicts with others, and how long it is asked what became of one whose connection broke while it
    /// was committed. Default 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RetryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The connection string that all settings together make, without the password of <see cref="PasswordFile"/>.</summary>
    internal NpgsqlConnectionStringBuilder Build()
    {
        var built = new NpgsqlConnectionStringBuilder($"{Defaults};{ConnectionString}"); // What comes later wins.
        built.Host = Host ?? built.Host;
        built.Port = Port ?? built.Port;
        built.Database = Database ?? built.Database;
        built.Username = Username ?? built.Username;
        built.Password = Password ?? built.Password;
        built.MaxPoolSize = MaxPoolSize ?? built.MaxPoolSize;
        built.Timeout = Seconds(ConnectTimeout) ?? built.Timeout;
        built.CommandTimeout = Seconds(CommandTimeout) ?? built.CommandTimeout;
        built.Options = string.Create(CultureInfo.InvariantCulture, $"{built.Options} -c idle_in_transaction_session_timeout={(long)IdleTransactionTimeout.TotalMilliseconds}").TrimStart();
        return built;
    }

    private static int? Seconds(TimeSpan? time) => time is { } value ? (int)Math.Ceiling(value.TotalSeconds) : null;
}

/// <summary>Rules of <see cref="PostgresOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class PostgresOptionsValidator : IValidateOptions<PostgresOptions>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class PostgresOptionsRules : IValidateOptions<PostgresOptions>
{
    public ValidateOptionsResult Validate(string? name, PostgresOptions options)
    {
        var failures = new List<string>();
        try
        {
            options.Build();
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            failures.Add($"Millrace:Postgres:ConnectionString: {e.Message}");
        }

        if (options is { Password: not null, PasswordFile: not null })
            failures.Add("Millrace:Postgres:Password and PasswordFile: give one of them.");
        if (options.PasswordFile is { } file && !File.Exists(file))
            failures.Add($"Millrace:Postgres:PasswordFile: there is no file {file}.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
