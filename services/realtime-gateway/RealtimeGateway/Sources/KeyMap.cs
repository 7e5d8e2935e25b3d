namespace Millrace.RealtimeGateway.Sources;

/// <summary>Values by record key, looked up with the bytes of the record itself. Not thread-safe.</summary>
internal sealed class KeyMap<T>
{
    private readonly Dictionary<byte[], T> _values;
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public KeyMap()
    {
        _values = new Dictionary<byte[], T>(new Comparer());
        _lookup = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public int Count => _values.Count;

    public IEnumerable<T> Values => _values.Values;

    public bool TryGet(ReadOnlySpan<byte> key, out T? value) => _lookup.TryGetValue(key, out value);

    public void Set(ReadOnlySpan<byte> key, T value) => _lookup[key] = value;

    public bool Remove(ReadOnlySpan<byte> key) => _lookup.Remove(key);

    public void Clear() => _values.Clear();

    private sealed class Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
