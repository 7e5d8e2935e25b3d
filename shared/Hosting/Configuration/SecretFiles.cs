using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Millrace.Hosting.Configuration;

/// <summary>
/// The environment, where <c>Millrace__Auth__SigningKey_FILE=/run/secrets/key</c> stands for the setting without <c>_FILE</c> and what is in the file, white space at
/// its end left out: for secrets that are mounted. Read once, at the start.
/// </summary>
internal sealed class SecretFiles(string? prefix) : EnvironmentVariablesConfigurationProvider(prefix)
{
    private const string Suffix = "_FILE";

    /// <inheritdoc/>
    /// <exception cref="StartException">A file can't be read, or a setting is given both ways.</exception>
    public override void Load()
    {
        base.Load();
        var ours = OptionsExtensions.Root + ConfigurationPath.KeyDelimiter;
        foreach (var (key, path) in Data.Where(pair => pair.Key.StartsWith(ours, StringComparison.OrdinalIgnoreCase) && pair.Key.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            var setting = key[..^Suffix.Length];
            if (Data.ContainsKey(setting)) throw new StartException($"{setting} is given both by itself and by {key}: give one of them.");
            Data[setting] = Read(key, path);
            Data.Remove(key);
        }
    }

    private static string Read(string key, string? path)
    {
        try
        {
            return File.ReadAllText(path ?? "").TrimEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartException($"{key} names a file that can't be read: {e.Message}", e);
        }
    }

    /// <summary>Puts this in the place of the plain environment.</summary>
    internal static void Use(IConfigurationBuilder configuration)
    {
        for (var i = 0; i < configuration.Sources.Count; i++)
        {
            // The host's own ones have prefixes that are not ours.
            if (configuration.Sources[i] is EnvironmentVariablesConfigurationSource { Prefix: null or "" } plain) configuration.Sources[i] = new Source(plain.Prefix);
        }
    }

    private sealed class Source(string? prefix) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => new SecretFiles(prefix);
    }
}
