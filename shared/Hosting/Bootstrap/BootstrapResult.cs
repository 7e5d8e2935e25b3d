namespace Millrace.Hosting.Bootstrap;

/// <summary>The first tenant and, when it is known, its key in clear text; filled in while the host starts, before any worker runs.</summary>
public sealed class BootstrapResult
{
    /// <summary>Name of the first tenant.</summary>
    public string Tenant { get; internal set; } = "";

    /// <summary>
    /// The bootstrap key in clear text: the configured one, the one just made, or the one in <see cref="BootstrapOptions.KeyFile"/>;
    /// <see langword="null"/> when it was made at an earlier start and not kept.
    /// </summary>
    public string? ApiKey { get; internal set; }

    /// <summary>Whether the key was made by this very start.</summary>
    public bool IsNew { get; internal set; }
}
