using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.FileSystem;

/// <summary>Settings under <c>Millrace:Objects</c> when objects are files.</summary>
public sealed class FileSystemOptions
{
    /// <summary>Where the objects stand, a file each, by their keys; made when it is missing. Default <c>data/objects</c>.</summary>
    [Required]
    public string Directory { get; set; } = "data/objects";

    /// <summary>Age at which an unfinished upload counts as left behind by a process that died, and is removed at start. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Rules of <see cref="FileSystemOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class FileSystemOptionsValidator : IValidateOptions<FileSystemOptions>;
