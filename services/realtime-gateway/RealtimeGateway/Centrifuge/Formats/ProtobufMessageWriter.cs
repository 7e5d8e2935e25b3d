using System.Numerics;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>Writes a message in Protobuf, with its length in front as a varint.</summary>
internal sealed class ProtobufMessageWriter(int capacity) : MessageWriter(capacity)
{
    private const int Varint = 0;
    private const int Delimited = 2;
    private const int MaxDepth = 8;
    private static readonly Field Key = new(1, "");
    private static readonly Field Value = new(2, "");

    private readonly int[] _starts = new int[MaxDepth];
    private int _depth;

    public override void Begin(Field field)
    {
        Tag(field, Delimited);
        _starts[_depth++] = Length;
    }

    public override void End() => PutLengthAt(_starts[--_depth]);

    public override void BeginList(Field field)
    {
        // Its items follow one another.
    }

    public override void BeginItem(Field field) => Begin(field);

    public override void EndList()
    {
    }

    public override void BeginMap(Field field)
    {
        // A map is a list of pairs.
    }

    public override void BeginEntry(Field field, string key)
    {
        Begin(field);
        Text(Key, key);
        Begin(Value);
    }

    public override void EndEntry()
    {
        End();
        End();
    }

    public override void TextEntry(Field field, string key, string value)
    {
        Begin(field);
        Text(Key, key);
        Text(Value, value);
        End();
    }

    public override void EndMap()
    {
    }

    public override void Number(Field field, long value, bool always = false)
    {
        if (value == 0) return;
        Tag(field, Varint);
        AddVarint((ulong)value);
    }

    public override void Flag(Field field, bool value) => Number(field, value ? 1 : 0);

    public override void Text(Field field, string value)
    {
        if (value.Length == 0) return;
        Tag(field, Delimited);
        AddVarint((ulong)System.Text.Encoding.UTF8.GetByteCount(value));
        AddUtf8(value);
    }

    public override void Data(Field field, ReadOnlySpan<byte> json)
    {
        if (!json.IsEmpty) Opaque(field, json);
    }

    public override void Opaque(Field field, ReadOnlySpan<byte> utf8)
    {
        Tag(field, Delimited);
        AddVarint((ulong)utf8.Length);
        Add(utf8);
    }

    public override ReadOnlySpan<byte> Finish()
    {
        PutLengthAt(0);
        return Bytes;
    }

    private static int SizeOf(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private void Tag(Field field, int type) => AddVarint((ulong)((field.Number << 3) | type));

    private void AddVarint(ulong value) => Write(Reserve(SizeOf(value)), value);

    private static void Write(Span<byte> to, ulong value)
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[^1] &= 0x7f;
    }

    private void PutLengthAt(int start)
    {
        var length = Length - start;
        var size = SizeOf((ulong)length);
        Reserve(size);
        Bytes.Slice(start, length).CopyTo(Bytes[(start + size)..]);
        Write(Bytes.Slice(start, size), (ulong)length);
    }
}
