using System.Buffers;
using System.Text;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>
/// Writes one message, whatever the format: what is in a reply is said once, and how it stands on the wire is the format's. Fields that have their default
/// (0, empty, false) are left out, as Protobuf does. Dispose it.
/// </summary>
internal abstract class MessageWriter : IDisposable
{
    private byte[] _bytes;

    protected MessageWriter(int capacity) => _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));

    /// <summary>Bytes so far.</summary>
    protected int Length { get; set; }

    protected Span<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>A message inside begins; <see cref="End"/> ends it.</summary>
    public abstract void Begin(Field field);

    /// <summary>Ends what was begun last.</summary>
    public abstract void End();

    /// <summary>A list of messages begins: each between <see cref="BeginItem"/> and <see cref="End"/>.</summary>
    public abstract void BeginList(Field field);

    /// <summary>An item of a list begins.</summary>
    public abstract void BeginItem(Field field);

    /// <summary>Ends a list.</summary>
    public abstract void EndList();

    /// <summary>A map of messages begins: each between <see cref="BeginEntry"/> and <see cref="EndEntry"/>.</summary>
    public abstract void BeginMap(Field field);

    /// <summary>An entry of a map begins.</summary>
    public abstract void BeginEntry(Field field, string key);

    /// <summary>Ends an entry of a map.</summary>
    public abstract void EndEntry();

    /// <summary>An entry of a map of texts.</summary>
    public abstract void TextEntry(Field field, string key, string value);

    /// <summary>Ends a map.</summary>
    public abstract void EndMap();

    /// <summary>A number.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The number.</param>
    /// <param name="always">Where the format can tell 0 from nothing, 0 is written too.</param>
    public abstract void Number(Field field, long value, bool always = false);

    public abstract void Flag(Field field, bool value);

    public abstract void Text(Field field, string value);

    /// <summary>A document: JSON as it is, or its bytes.</summary>
    public abstract void Data(Field field, ReadOnlySpan<byte> json);

    /// <summary>What is no document of its own: bytes that a JSON format puts into a text. They must be UTF-8 there.</summary>
    public abstract void Opaque(Field field, ReadOnlySpan<byte> utf8);

    /// <summary>The whole message. Valid until this is disposed.</summary>
    public abstract ReadOnlySpan<byte> Finish();

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    protected void Add(byte value) => Reserve(1)[0] = value;

    protected void Add(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    protected void AddUtf8(string text) => Encoding.UTF8.GetBytes(text, Reserve(Encoding.UTF8.GetByteCount(text)));

    /// <summary>Room for so many bytes more, which count as written.</summary>
    protected Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + count));
            Bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
