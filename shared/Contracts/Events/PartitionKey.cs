using System.Text;

namespace Millrace.Contracts.Events;

/// <summary>
/// The key of a record on <see cref="Topics.Events"/> and <see cref="Topics.Windows"/>: <c>tenant '/' stream</c>. All events of a stream share a
/// partition, hence an order, a duplicate filter and an aggregator.
/// </summary>
public static class PartitionKey
{
    /// <summary>The key's bytes.</summary>
    public static byte[] Create(string tenant, string stream) => Encoding.UTF8.GetBytes($"{tenant}/{stream}");

    /// <summary>Splits a key.</summary>
    /// <returns><see langword="false"/> when it has no slash.</returns>
    public static bool TrySplit(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> tenant, out ReadOnlySpan<byte> stream)
    {
        var slash = key.IndexOf((byte)'/');
        tenant = slash < 0 ? default : key[..slash];
        stream = slash < 0 ? default : key[(slash + 1)..];
        return slash >= 0;
    }
}
