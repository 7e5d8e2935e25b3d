using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.Sqlite;

/// <summary>Settings under <c>Millrace:Metadata</c> when the metadata database is a file.</summary>
public sealed class SqliteOptions
{
    /// <summary>Path of the database file; its directory is made when it is missing. Default <c>data/metadata.db</c>.</summary>
    [Required]
    public string File { get; set; } = "data/metadata.db";

    /// <summary>Opens the file for reading only, as a second process that must not write does. Default false.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>How long a transaction waits for a writer in another process before it fails. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a listener looks for changes by other processes. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.0100000", "00:00:00.5000000")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>Rules of <see cref="SqliteOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class SqliteOptionsValidator : IValidateOptions<SqliteOptions>;
