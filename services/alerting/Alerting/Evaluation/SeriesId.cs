using System.Security.Cryptography;
using System.Text;

namespace Millrace.Alerting.Evaluation;

/// <summary>A series of a rule: type and key. For rules that watch all that matches as one, the rule's own type and key.</summary>
internal readonly record struct SeriesId(string Type, string Key)
{
    private const char Separator = '\u001f';

    /// <summary>One text, as the database keeps it.</summary>
    public override string ToString() => Type + Separator + Key;

    /// <summary>
    /// The id of the alert that a series of a rule raises for the episode that begins at an event time: the same after a replay. A UUID of version 8
    /// (RFC 9562: made by a hash of our own choice).
    /// </summary>
    public Guid AlertId(string tenant, string ruleId, long startedMs)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(Separator, "alert", tenant, ruleId, Type, Key, startedMs)), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
