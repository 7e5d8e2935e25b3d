namespace Millrace.Adapters.Kafka.Producing;

/// <summary>
/// Operations by number, so that librdkafka can carry an integer with each record instead of a handle of the garbage collector. Adding takes a lock
/// once a call; looking up, once a record, takes none.
/// </summary>
internal sealed class OperationTable
{
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private AppendOperation?[] _operations = new AppendOperation?[64];
    private int _used;

    /// <summary>Operations that are under way.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _used - _free.Count;
        }
    }

    /// <summary>Gives an operation its slot.</summary>
    public void Add(AppendOperation operation)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var slot)) slot = _used++;
            if (slot == _operations.Length)
            {
                var larger = new AppendOperation?[slot * 2];
                _operations.CopyTo(larger, 0);
                Volatile.Write(ref _operations, larger);
            }

            operation.Slot = slot;
            _operations[slot] = operation;
        }
    }

    /// <summary>The operation of a slot.</summary>
    public AppendOperation Get(int slot) => Volatile.Read(ref _operations)[slot]!;

    /// <summary>Frees an operation's slot.</summary>
    public void Remove(AppendOperation operation)
    {
        lock (_gate)
        {
            _operations[operation.Slot] = null;
            _free.Push(operation.Slot);
        }
    }

    /// <summary>What librdkafka carries with a record.</summary>
    public static IntPtr Opaque(int slot, int index) => unchecked((nint)(((long)slot << 32) | (uint)index));

    /// <summary>The slot and the index out of it.</summary>
    public static (int Slot, int Index) Parse(IntPtr opaque) => ((int)((long)opaque >> 32), (int)((long)opaque & uint.MaxValue));
}
