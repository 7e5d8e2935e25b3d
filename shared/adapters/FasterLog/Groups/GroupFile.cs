using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Storage;

namespace Millrace.Adapters.FasterLog.Groups;

/// <summary>A group's positions as stored.</summary>
/// <param name="Sequence">Grows with each write.</param>
/// <param name="UpdatedMs">Wall clock of the write.</param>
/// <param name="Committed">By partition: next offset to read, or -1.</param>
/// <param name="Floor">By partition without a commit: where its reader began, or -1.</param>
internal sealed record GroupPositions(long Sequence, long UpdatedMs, long[] Committed, long[] Floor);

/// <summary>
/// A group's positions in a file of two slots that are written in turn: one small write and one sync a commit, and whatever happens during it,
/// the other slot still holds the commit before.
/// </summary>
internal sealed class GroupFile : IDisposable
{
    /// <summary>Most partitions that a slot holds.</summary>
    public const int MaxPartitions = 128;

    private const int SlotBytes = 4096;
    private const uint Magic = 0x31504752; // "RGP1"
    private const string Extension = ".group";

    private readonly SafeFileHandle _file;
    private readonly IDiskIo _disk;

    private GroupFile(SafeFileHandle file, IDiskIo disk)
    {
        _file = file;
        _disk = disk;
    }

    /// <summary>Names of the groups that a folder holds.</summary>
    public static IEnumerable<string> List(string directory) => !Directory.Exists(directory)
        ? []
        : Directory.EnumerateFiles(directory, "*" + Extension).Select(f => Uri.UnescapeDataString(Path.GetFileNameWithoutExtension(f)));

    /// <summary>Path of a group's file.</summary>
    public static string PathOf(string directory, string group) => Path.Combine(directory, Uri.EscapeDataString(group) + Extension);

    /// <summary>Opens a group's file, or creates it.</summary>
    public static GroupFile Open(string directory, string group, IDiskIo disk)
    {
        Directory.CreateDirectory(directory);
        var path = PathOf(directory, group);
        var isNew = !File.Exists(path);
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (isNew)
        {
            disk.SyncDirectory(directory);
            disk.SyncDirectory(Path.GetDirectoryName(directory)!);
        }
        return new GroupFile(file, disk);
    }

    /// <summary>The latest whole slot, or <see langword="null"/> when there is none.</summary>
    public GroupPositions? Read(int partitions)
    {
        var slots = new[] { ReadSlot(0, partitions), ReadSlot(1, partitions) };
        return slots.OfType<GroupPositions>().MaxBy(s => s.Sequence);
    }

    /// <summary>Stores positions durably, over the older slot.</summary>
    public void Write(GroupPositions positions)
    {
        var partitions = positions.Committed.Length;
        Span<byte> slot = new byte[Length(partitions)];
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(slot[4..], partitions);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], positions.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], positions.UpdatedMs);
        for (var p = 0; p < partitions; p++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(slot[(24 + (p * 16))..], positions.Committed[p]);
            BinaryPrimitives.WriteInt64LittleEndian(slot[(32 + (p * 16))..], positions.Floor[p]);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(slot[^4..], Crc32C.Compute(slot[..^4]));
        _disk.Write(_file, slot, positions.Sequence % 2 * SlotBytes);
        _disk.Sync(_file);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static int Length(int partitions) => 24 + (partitions * 16) + 4;

    private GroupPositions? ReadSlot(int index, int partitions)
    {
        Span<byte> slot = new byte[Length(partitions)];
        if (RandomAccess.Read(_file, slot, index * SlotBytes) < slot.Length) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot) != Magic || BinaryPrimitives.ReadInt32LittleEndian(slot[4..]) != partitions) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot[^4..]) != Crc32C.Compute(slot[..^4])) return null;
        long[] committed = new long[partitions], floor = new long[partitions];
        for (var p = 0; p < partitions; p++)
        {
            committed[p] = BinaryPrimitives.ReadInt64LittleEndian(slot[(24 + (p * 16))..]);
            floor[p] = BinaryPrimitives.ReadInt64LittleEndian(slot[(32 + (p * 16))..]);
        }
        return new GroupPositions(
            BinaryPrimitives.ReadInt64LittleEndian(slot[8..]), BinaryPrimitives.ReadInt64LittleEndian(slot[16..]), committed, floor);
    }
}
