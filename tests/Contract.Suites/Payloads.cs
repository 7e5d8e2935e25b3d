using System.Text;

namespace Millrace.Contract.Suites;

/// <summary>Small payloads for the suites.</summary>
public static class Payloads
{
    /// <summary>A text as UTF-8.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>UTF-8 as text.</summary>
    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>Reproducible bytes that do not compress.</summary>
    public static byte[] Random(int length, int seed = 1)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // Test data, not a secret.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
