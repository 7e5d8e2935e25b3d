using System.Buffers.Binary;

namespace Millrace.Fuzz.Reference;

/// <summary>RFC 6455 from a client's side of the wire, read slowly: what messages and control frames some bytes hold, and where they are wrong.</summary>
internal static class SlowWebSocket
{
    /// <summary>Text for each frame that is complete, in order; ends with the code of a failure if there is one.</summary>
    public static List<string> Read(byte[] bytes, int maxMessage)
    {
        var read = new List<string>();
        var message = new List<byte>();
        var opcode = 0;
        for (var at = 0; at + 2 <= bytes.Length;)
        {
            var head = at + 2;
            long length = bytes[at + 1] & 0x7F;
            var wide = length == 126 ? 2 : length == 127 ? 8 : 0;
            if (head + wide + ((bytes[at + 1] & 0x80) != 0 ? 4 : 0) > bytes.Length) break;
            if (wide == 2) length = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(head));
            if (wide == 8) length = (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(head)), 1UL << 60);
            var code = bytes[at] & 0x0F;
            var final = (bytes[at] & 0x80) != 0;
            var control = (code & 8) != 0;
            if ((bytes[at] & 0x70) != 0 || (bytes[at + 1] & 0x80) == 0 || Misplaced(code, opcode, final, length)) return Ended("fails 1002");
            if (length + (control ? 0 : message.Count) > maxMessage) return Ended("fails 1009");
            head += wide;
            if (head + 4 + length > bytes.Length) break;
            var payload = new byte[length];
            for (var i = 0; i < length; i++) payload[i] = (byte)(bytes[head + 4 + i] ^ bytes[head + (i % 4)]);
            at = head + 4 + (int)length;
            if (control)
            {
                read.Add($"{code} {Convert.ToHexString(payload)}");
                continue;
            }

            if (code != 0) opcode = code;
            message.AddRange(payload);
            if (!final) continue;
            if (opcode == 1 && !System.Text.Unicode.Utf8.IsValid(message.ToArray())) return Ended("fails 1007");
            read.Add($"{opcode} {Convert.ToHexString(message.ToArray())}");
            message.Clear();
            opcode = 0;
        }

        return read;

        List<string> Ended(string how)
        {
            read.Add(how);
            return read;
        }
    }

    private static bool Misplaced(int code, int open, bool final, long length) => code switch
    {
        0 => open == 0,
        1 or 2 => open != 0,
        8 or 9 or 10 => !final || length > 125,
        _ => true,
    };
}
