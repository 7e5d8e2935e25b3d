using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Reading;

/// <summary>
/// Walks over a topic's durable entries from an address on, verifies them and sorts them by partition. Goes on by itself when the topic has
/// opened its files anew, and when retention has passed it by. One thread at a time.
/// </summary>
internal sealed class EntryReader(Topic topic, long[] starts, long address) : IDisposable
{
    private readonly PartitionBuffer[] _buffers = [.. starts.Select((_, p) => new PartitionBuffer(p))];
    private readonly long[] _next = [.. starts];
    private readonly long[] _from = [.. starts];
    private readonly List<int> _order = [];
    private FragmentChain _chain;
    private bool _chainWanted;
    private LogStore? _store;
    private DurableScan? _scan;
    private long _address = address;

    /// <summary>Whether durable entries wait to be read.</summary>
    public bool HasMore => _address < topic.Store.DurableAddress;

    /// <summary>Reads on, and fills the queue with batches of each partition that had something.</summary>
    /// <exception cref="EventLogException">The log is damaged here and the options say to stop there; nothing has been taken.</exception>
    public void Fill(int maxBatchBytes, Queue<LogBatch> ready)
    {
        Array.Copy(_next, _from, _next.Length);
        while (true)
        {
            try
            {
                Collect(maxBatchBytes);
                break;
            }
            catch (InvalidDataException e)
            {
                Abort();
                // What came before the damage is delivered first; the next call meets it again. Files that retention deleted are no damage.
                if (_order.Count > 0) break;
                if (topic.Store.BeginAddress <= _address) Pass(e);
            }
        }

        foreach (var partition in _order) _buffers[partition].Drain(_from[partition], maxBatchBytes, ready);
        _order.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Abort();
        foreach (var buffer in _buffers) buffer.Drop();
    }

    private void Collect(int maxBytes)
    {
        var bytes = 0;
        while ((bytes < maxBytes || _chain.IsOpen) && Scan() is { } scan && scan.NextAddress < _store!.DurableAddress)
        {
            var expected = scan.NextAddress;
            if (!scan.TryNext(out var entry, out var at))
            {
                // Something durable stands from here on, and there is nothing: zeros stand for the empty rest of a page.
                if (ReferenceEquals(topic.Store, _store) && _store.BeginAddress <= expected) throw new InvalidDataException("There are zeros where something was written.");
                return;
            }

            // Zeros are the empty rest of a page also where a lost block or file left them.
            if (!EntryLayout.Follows(_store.Geometry, expected, at, entry.Length)
                || !EntryHeader.TryRead(entry, out var header) || header.Partition >= _next.Length || !_chain.Accept(header, entry))
                throw new InvalidDataException("The entry is not what was written.");
            bytes += header.IsFragment ? TakeFragment(header, entry) : Take(header, entry);
            if (!_chain.IsOpen) _address = scan.NextAddress;
        }
    }

    private int Take(in EntryHeader header, ReadOnlySpan<byte> entry)
    {
        if (!Wants(header)) return 0;
        _buffers[header.Partition].Add(entry, header.Count);
        _next[header.Partition] = header.BaseOffset + header.Count;
        return entry.Length;
    }

    private int TakeFragment(in EntryHeader header, ReadOnlySpan<byte> entry)
    {
        var (total, start) = EntryHeader.ReadFragment(entry);
        if (start == 0) _chainWanted = Wants(header);
        if (!_chainWanted) return 0;
        var buffer = _buffers[header.Partition];
        var whole = start == 0 ? buffer.Reserve(EntryHeader.Size + total) : buffer.Last(EntryHeader.Size + total);
        if (start == 0) (header with { IsFragment = false }).Write(whole);
        var piece = entry[(EntryHeader.Size + EntryHeader.FragmentSize)..];
        piece.CopyTo(whole[(EntryHeader.Size + start)..]);
        if (!_chain.IsOpen)
        {
            buffer.KeepLast();
            _next[header.Partition] = header.BaseOffset + 1;
        }
        return piece.Length;
    }

    private bool Wants(in EntryHeader header)
    {
        if (header.BaseOffset + header.Count <= _next[header.Partition]) return false;
        if (_buffers[header.Partition].IsEmpty) _order.Add(header.Partition);
        return true;
    }

    /// <summary>The scan, at the current address; <see langword="null"/> while the topic's files are closed.</summary>
    private DurableScan? Scan()
    {
        var store = topic.Store;
        if (_scan is not null && ReferenceEquals(store, _store)) return _scan;
        Abort();
        _address = Math.Max(_address, store.BeginAddress);
        _store = store;
        return _scan = store.TryScan(_address);
    }

    private void Abort()
    {
        _scan?.Dispose();
        _scan = null;
        if (!_chain.IsOpen) return;
        if (_chainWanted)
        {
            var buffer = _buffers[_chain.Partition];
            buffer.DropLast(EntryHeader.Size + _chain.Total);
            if (buffer.IsEmpty) _order.Remove(_chain.Partition);
        }
        _chain = default;
    }

    /// <summary>Tells the damage at the current address, and goes on behind it where that is wanted.</summary>
    private void Pass(Exception cause)
    {
        var store = topic.Store;
        var until = store.DurableAddress;
        using var finder = new EntryFinder(store.Directory, store.Geometry, _next.Length);
        var behind = finder.Next(_address, until, header => header.BaseOffset < topic.Partitions[header.Partition].DurableNext);
        var point = topic.Index.After(behind ?? until);
        var damage = Damage.Describe(finder, _address, behind, until, _next, p => point?.Next[p] ?? topic.Partitions[p].DurableNext);
        var known = topic.Meet(damage);
        if (!topic.SkipsDamage) throw topic.Explain(known, cause);
        _address = damage.To;
    }
}
