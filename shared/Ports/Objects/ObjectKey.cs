using System.Text;

namespace Millrace.Ports.Objects;

/// <summary>The rules of keys, the same for every store: see <see cref="IObjectStore"/>.</summary>
public static class ObjectKey
{
    /// <summary>Longest key, in bytes of UTF-8, as S3 has it.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Refuses what is no key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="reserved">Bytes of <see cref="MaxBytes"/> that the store needs itself, such as for a prefix.</param>
    /// <exception cref="ArgumentException">The key breaks a rule; the message says which.</exception>
    public static void ThrowIfInvalid(string key, int reserved = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (Encoding.UTF8.GetByteCount(key) > MaxBytes - reserved)
            throw new ArgumentException($"A key has at most {MaxBytes - reserved} bytes.", nameof(key));
        if (key.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A key has no NUL character.", nameof(key));
        foreach (var segment in key.Split('/'))
        {
            if (segment is "" or "." or "..")
                throw new ArgumentException($"The key '{key}' has an empty, '.' or '..' segment.", nameof(key));
        }
    }
}
