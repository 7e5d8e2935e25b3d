using System.Buffers.Binary;

namespace Millrace.Fuzz.Generation;

/// <summary>What may happen to a file between two runs of a program, laid out in 12 bytes: which file, what, where, how much, with what.</summary>
internal readonly record struct FileDamage(byte File, byte Kind, uint At, ushort Length, uint With)
{
    /// <summary>Bytes of one.</summary>
    public const int Size = 12;

    // What disks, file systems and people do: bits and sectors that change, writes that went elsewhere or nowhere, files that are cut, gone, copied.
    private const int Kinds = 12;
    private const int Sector = 512;

    /// <summary>Some damage.</summary>
    public static byte[] Make(Source source)
    {
        var bytes = new byte[Size];
        bytes[0] = (byte)source.Bits();
        bytes[1] = (byte)source.Below(Kinds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(2), (uint)source.Bits());
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), (ushort)source.Length(1, 4, 16, Sector, 4096));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), (uint)source.Bits());
        return bytes;
    }

    /// <summary>Reads one.</summary>
    public static FileDamage Of(ReadOnlySpan<byte> bytes) => new(
        bytes[0], bytes[1], BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));

    /// <summary>Does it.</summary>
    /// <param name="files">Contents by name; the arrays are nobody else's to change and are replaced.</param>
    /// <param name="earlier">The same files before.</param>
    public void Apply(SortedDictionary<string, byte[]> files, IReadOnlyDictionary<string, byte[]> earlier)
    {
        if (files.Count == 0) return;
        var name = files.Keys.ElementAt(File % files.Count);
        var bytes = files[name];
        var at = (int)(At % (uint)(bytes.Length + 1));
        var length = Math.Min(Length, bytes.Length - at);
        switch (Kind % Kinds)
        {
            case 0 when at < bytes.Length: (files[name] = [.. bytes])[at] ^= (byte)(1 << (int)(With % 8)); break;
            case 1: (files[name] = [.. bytes]).AsSpan(at, length).Clear(); break;
            case 2: new Random((int)With).NextBytes((files[name] = [.. bytes]).AsSpan(at, length)); break;
            case 3: files[name] = bytes[..at]; break;
            case 4: files.Remove(name); break;
            case 5: files[name] = [.. bytes, .. new byte[length + 1]]; break;
            case 6: files[name] = [.. bytes[..at], .. bytes[(at + length)..]]; break;
            case 7: files[name] = [.. bytes[..at], .. new byte[length], .. bytes[at..]]; break;
            case 8: Misplace(files, name); break;
            case 9: files[name] = earlier.GetValueOrDefault(name, []); break;
            case 10: files[files.Keys.ElementAt((int)(With % (uint)files.Count))] = bytes; break;
            case 11: files[$"log.{NumberOf(With)}"] = bytes; break;
            default: files[name] = [.. bytes, (byte)With]; break;
        }
    }

    // Sectors of one place written to another.
    private void Misplace(SortedDictionary<string, byte[]> files, string name)
    {
        var bytes = files[name];
        var sectors = bytes.Length / Sector;
        if (sectors < 2) return;
        var from = (int)(At % (uint)sectors);
        var to = (int)(With % (uint)sectors);
        var count = Math.Min(1 + (Length % 8), sectors - Math.Max(from, to));
        bytes.AsSpan(from * Sector, count * Sector).CopyTo((files[name] = [.. bytes]).AsSpan(to * Sector));
    }

    private static uint NumberOf(uint with) => (with % 4) switch
    {
        0 => with / 4 % 8,
        1 => with / 4 % 1000,
        2 => int.MaxValue - (with / 4 % 3),
        _ => with,
    };
}
