using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Hosting.Authentication;

/// <summary>SHA-256 of a credential: what is stored and looked up in its place. Keys are long and random, so a slow hash would add nothing.</summary>
internal readonly record struct KeyHash(UInt128 High, UInt128 Low)
{
    public static KeyHash Of(string credential)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> bytes = stackalloc byte[512];
        if (Encoding.UTF8.TryGetBytes(credential, bytes, out var length))
            SHA256.HashData(bytes[..length], digest);
        else
            SHA256.HashData(Encoding.UTF8.GetBytes(credential), digest);
        CryptographicOperations.ZeroMemory(bytes);
        return new KeyHash(BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[16..]));
    }

    /// <summary>Lower-case hexadecimal, as stored.</summary>
    public override string ToString() => $"{High:x32}{Low:x32}";

    /// <summary>Compares with a stored hash in a time that does not depend on where they differ.</summary>
    public bool Matches(string stored) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(ToString()), Encoding.ASCII.GetBytes(stored));

    // A hash is random already.
    public override int GetHashCode() => (int)(ulong)Low;
}
