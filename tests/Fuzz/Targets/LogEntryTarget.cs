using System.Buffers.Binary;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Adapters.FasterLog.Writing;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ports.EventLog;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// Entries of the embedded log. One that is damaged must fail its checksum. One whose checksum was made right again (the first byte of the input says
/// so) must be read within its bytes, or be refused as no record. What is read must be what was written.
/// </summary>
internal sealed class LogEntryTarget : Target
{
    private const int MaxEntryBytes = 64 * 1024;
    private const byte Whole = 0, Damaged = 1, Resealed = 2;

    private readonly List<LogEntry> _read = [];
    private FragmentChain _chain;

    public override string Name => "log-entry";

    public override byte[] Make(Source source)
    {
        var builder = new EntryBuilder(source.Below(4), MaxEntryBytes) { Next = source.Below(1000), AppendedAtMs = EventMaker.Now };
        IReadOnlyDictionary<string, string>? headers = null;
        for (var count = source.Between(1, 12); count > 0; count--)
        {
            if (source.Once(4)) headers = new Dictionary<string, string> { [source.Word(5)] = source.Word(source.Below(200)), ["é" + source.Word(1)] = "" };
            if (source.Once(6)) headers = null;
            builder.TryAdd(new LogRecord(source.Bytes(source.Below(40)), source.Bytes(source.Length(127, 128, 16383, 16384)), headers), out _);
        }

        var entry = builder.Take().ToArray();
        switch (source.Below(3))
        {
            case 0: return [Whole, .. entry];
            case 1: return [Damaged, .. Mutator.Damage(entry, source, [], source.Bytes(20))];
            default:
                entry = Mutator.Damage(entry, source, [], source.Bytes(20));
                if (entry.Length >= 4) BinaryPrimitives.WriteUInt32LittleEndian(entry, Crc32C.Compute(entry.AsSpan(4)));
                return [Resealed, .. entry];
        }
    }

    public override bool Parse(byte[] input)
    {
        _read.Clear();
        _chain = default;
        var entry = input.AsMemory(Math.Min(1, input.Length));
        if (!EntryHeader.TryRead(entry.Span, out var header) || !_chain.Accept(header, entry.Span)) return false;
        if (header.IsFragment) return true;
        IReadOnlyDictionary<string, string>? headers = null;
        var at = EntryHeader.Size;
        try
        {
            for (var i = 0; i < header.Count; i++) _read.Add(RecordFormat.Read(entry, ref at, header.BaseOffset + i, header.AppendedAtMs, ref headers));
        }
        catch (InvalidDataException)
        {
            return false;
        }

        return at <= entry.Length;
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (input.Length == 0) return;
        if (input[0] == Whole) Require.That(accepted, "an entry as it was written is refused");
        // One damage in 2^32 goes unseen by a checksum of 32 bits; the mutator may also leave the entry as it was.
        if (!accepted || input[0] == Resealed || _chain.IsOpen) return;
        var again = new EntryBuilder(EntryHeader.Read(input.AsSpan(1)).Partition, MaxEntryBytes) { Next = _read[0].Offset, AppendedAtMs = _read[0].AppendedAtMs };
        foreach (var entry in _read) again.TryAdd(new LogRecord(entry.Key, entry.Value, entry.Headers), out _);
        Require.That(again.Take().SequenceEqual(input.AsSpan(1)), "what was read, written again, is not what stood there");
    }
}
