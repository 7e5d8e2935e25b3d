using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>Records of <c>millrace.publications</c> to and from what they stand for.</summary>
internal static class PublicationRecord
{
    /// <summary>Key of everything that concerns a channel.</summary>
    public static byte[] KeyOf(ChannelName name) => Encoding.UTF8.GetBytes(name.Key);

    /// <summary>Key of what concerns connections.</summary>
    public static byte[] KeyOf(string tenant, string user) => Encoding.UTF8.GetBytes($"{tenant}/{user}");

    /// <summary>Reads a record.</summary>
    /// <returns><see langword="false"/> when it is none.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ChannelRecord? record)
    {
        record = null;
        try
        {
            var parsed = ChannelRecord.Parser.ParseFrom(bytes);
            if (parsed.KindCase == ChannelRecord.KindOneofCase.None || (parsed.Tenant.Length > 0 && !TenantName.IsValid(parsed.Tenant))) return false;
            record = parsed;
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>What a record carries to a channel.</summary>
    public static Publication ToPublication(ChannelPublication record, long offset, long appendedAtMs) =>
        new(record.SkipHistory ? 0 : offset + 1, appendedAtMs, "", Bytes(record.Data)!)
        {
            Info = record.Info is { } info ? ToClient(info) : null,
            Tags = record.Tags.Count == 0 ? null : record.Tags.ToDictionary(StringComparer.Ordinal),
        };

    /// <summary>A client as channels show it.</summary>
    public static ClientInfo ToClient(ChannelClient record) => new(record.User, record.Client, Bytes(record.ConnInfo), Bytes(record.ChanInfo));

    /// <summary>A client as records hold it.</summary>
    public static ChannelClient ToRecord(ClientInfo info) => new()
    {
        User = info.User,
        Client = info.Client,
        ConnInfo = ByteString.CopyFrom(info.ConnInfo ?? []),
        ChanInfo = ByteString.CopyFrom(info.ChanInfo ?? []),
    };

    /// <summary>What tells an idempotency key of a channel from all others.</summary>
    public static UInt128 IdOf(ReadOnlySpan<byte> channelKey, string idempotencyKey)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(channelKey);
        sha.AppendData([0]);
        sha.AppendData(Encoding.UTF8.GetBytes(idempotencyKey));
        sha.GetHashAndReset(hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static byte[]? Bytes(ByteString text) => text.IsEmpty ? null : text.ToByteArray();
}
