using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Native;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Producing;

/// <summary>
/// A producer straight over librdkafka: a record costs one call into it and one back, and no managed memory. (Confluent.Kafka's own producer copies
/// key and value into arrays of their own and allocates a report, a handle and a few objects more for each record.)
/// </summary>
internal sealed unsafe class Producer : IDisposable
{
    private const int PollMs = 100;
    private const int FlushMs = 5_000;

    [ThreadStatic]
    private static HeaderBlock? _headers;

    private readonly ConcurrentDictionary<string, IntPtr> _topics = new(StringComparer.Ordinal);
    private readonly OperationTable _operations = new();
    private readonly ILogger _logger;
    private readonly Thread _poller;
    private readonly ReaderWriterLockSlim _use = new();
    private readonly GCHandle _self;
    private readonly IntPtr _client;
    private volatile string? _fatal;
    private volatile bool _stopping;
    private bool _disposed;

    /// <summary>Makes a producer; connects in the background.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">For what librdkafka says.</param>
    public Producer(KafkaOptions options, ILogger logger)
    {
        _logger = logger;
        _self = GCHandle.Alloc(this);
        try
        {
            using var conf = new Conf();
            foreach (var (name, value) in ClientProperties.Producer(options)) conf.Set(name, value);
            NativeMethods.ConfSetOpaque(conf.Handle, GCHandle.ToIntPtr(_self));
            NativeMethods.ConfSetDelivery(conf.Handle, &OnDelivery);
            NativeMethods.ConfSetError(conf.Handle, &OnError);
            NativeMethods.ConfSetLog(conf.Handle, &OnLog);
            _client = conf.CreateProducer();
        }
        catch
        {
            _self.Free();
            throw;
        }

        _poller = new Thread(Poll) { IsBackground = true, Name = "kafka-producer" };
        _poller.Start();
    }

    /// <summary>Why this producer can't be used any more, or <see langword="null"/>.</summary>
    public string? Fatal => _fatal;

    /// <summary>Records that wait to be acknowledged.</summary>
    public int QueueLength
    {
        get
        {
            if (!TryUse()) return 0;
            try
            {
                return NativeMethods.QueueLength(_client);
            }
            finally
            {
                _use.ExitReadLock();
            }
        }
    }

    /// <summary>Puts records into the queue. The task ends when all are durable, or one is not; the memory is free on return.</summary>
    /// <param name="name">Topic as the brokers know it.</param>
    /// <param name="ends">Learns what has become durable.</param>
    /// <param name="records">The records.</param>
    /// <param name="positions">Where to write their positions, or empty.</param>
    public AppendOperation Append(string name, TopicEnds ends, ReadOnlySpan<LogRecord> records, Memory<LogPosition> positions)
    {
        ObjectDisposedException.ThrowIf(!TryUse(), this);
        try
        {
            var operation = new AppendOperation(name, ends, records.Length, positions);
            _operations.Add(operation);
            var topic = TopicOf(name);
            for (var i = 0; i < records.Length; i++)
            {
                var error = Produce(topic, records[i], OperationTable.Opaque(operation.Slot, i));
                if (error == 0) continue;
                if (operation.Refuse(error, records.Length - i)) _operations.Remove(operation);
                return operation;
            }

            if (operation.Queued()) _operations.Remove(operation);
            return operation;
        }
        finally
        {
            _use.ExitReadLock();
        }
    }

    /// <summary>Makes librdkafka believe that it has failed for good.</summary>
    internal void FailForTest(ErrorCode code) => _ = NativeMethods.TestFatalError(_client, (int)code, "for a test");

    /// <summary>Sends what is queued, within a few seconds, answers for the rest with an error and lets go.</summary>
    public void Dispose()
    {
        _use.EnterWriteLock();
        var first = !_disposed;
        _disposed = true;
        _use.ExitWriteLock();
        if (!first) return;
        if (_fatal is null) _ = NativeMethods.Flush(_client, FlushMs);
        _ = NativeMethods.Purge(_client, NativeMethods.PurgeAll);
        _ = NativeMethods.Flush(_client, PollMs);
        _stopping = true;
        _poller.Join();
        foreach (var topic in _topics.Values) NativeMethods.TopicDestroy(topic);
        NativeMethods.Destroy(_client);
        _self.Free();
        _use.Dispose();
    }

    private IntPtr TopicOf(string name)
    {
        if (_topics.TryGetValue(name, out var topic)) return topic;
        // Each call counts as a user of the topic, so that a second one for the same would never be given back.
        lock (_topics) return _topics.GetOrAdd(name, static (text, client) => NativeMethods.TopicNew(client, text, IntPtr.Zero), _client);
    }

    private bool TryUse()
    {
        try
        {
            _use.EnterReadLock();
        }
        catch (ObjectDisposedException)
        {
            // Disposed altogether.
            return false;
        }

        if (!_disposed) return true;
        _use.ExitReadLock();
        return false;
    }

    private int Produce(IntPtr topic, in LogRecord record, IntPtr opaque)
    {
        if (record.Value.Length > ClientProperties.MaxValueBytes) return (int)ErrorCode.MsgSizeTooLarge;
        // An empty key is a key too, and so needs an address.
        byte nothing = 0;
        fixed (byte* key = record.Key.Span)
        fixed (byte* value = record.Value.Span)
        {
            if (record.Headers is { Count: > 0 } headers)
                return ProduceWithHeaders(topic, record, headers, key == null ? &nothing : key, value == null ? &nothing : value, opaque);
            var outcome = NativeMethods.Produce(
                topic, NativeMethods.AnyPartition, NativeMethods.CopyPayload, value == null ? &nothing : value, (nuint)record.Value.Length,
                key == null ? &nothing : key, (nuint)record.Key.Length, opaque);
            return outcome == 0 ? 0 : NativeMethods.LastError();
        }
    }

    private int ProduceWithHeaders(IntPtr topic, in LogRecord record, IReadOnlyDictionary<string, string> headers, byte* key, byte* value, IntPtr opaque)
    {
        const int Fixed = 5;
        var block = _headers ??= new HeaderBlock();
        block.Set(headers);
        var arguments = stackalloc NativeMethods.Argument[Fixed + block.Count];
        arguments[0] = new NativeMethods.Argument { Kind = NativeMethods.ArgumentKind.Topic, Pointer = topic };
        arguments[1] = new NativeMethods.Argument { Kind = NativeMethods.ArgumentKind.Flags, Number = NativeMethods.CopyPayload };
        arguments[2] = new NativeMethods.Argument { Kind = NativeMethods.ArgumentKind.Key, Pointer = (IntPtr)key, Second = record.Key.Length };
        arguments[3] = new NativeMethods.Argument { Kind = NativeMethods.ArgumentKind.Value, Pointer = (IntPtr)value, Second = record.Value.Length };
        arguments[4] = new NativeMethods.Argument { Kind = NativeMethods.ArgumentKind.Opaque, Pointer = opaque };
        block.Write(arguments + Fixed);
        var error = NativeMethods.ProduceWith(_client, arguments, (nuint)(Fixed + block.Count));
        if (error == IntPtr.Zero) return 0;
        var code = NativeMethods.ErrorCodeOf(error);
        NativeMethods.ErrorDestroy(error);
        return code;
    }

    private void Poll()
    {
        while (!_stopping) _ = NativeMethods.Poll(_client, PollMs);
    }

    [UnmanagedCallersOnly]
    private static void OnDelivery(IntPtr client, NativeMethods.Message* message, IntPtr opaque)
    {
        var self = (Producer)GCHandle.FromIntPtr(opaque).Target!;
        var (slot, index) = OperationTable.Parse(message->Opaque);
        var operation = self._operations.Get(slot);
        if (operation.Answer(index, message->Error, message->Partition, message->Offset)) self._operations.Remove(operation);
    }

    [UnmanagedCallersOnly]
    private static void OnError(IntPtr client, int code, byte* reason, IntPtr opaque)
    {
        var self = (Producer)GCHandle.FromIntPtr(opaque).Target!;
        var text = Text(reason);
        if ((ErrorCode)code == ErrorCode.Local_Fatal) self._fatal = text;
        Log.ClientError(self._logger, "producer", ((ErrorCode)code).ToString(), text);
    }

    [UnmanagedCallersOnly]
    private static void OnLog(IntPtr client, int level, byte* facility, byte* text)
    {
        if (client == IntPtr.Zero || GCHandle.FromIntPtr(NativeMethods.Opaque(client)).Target is not Producer self) return;
        ClientLogging.Write(self._logger, level, Text(facility), Text(text));
    }

    private static string Text(byte* text) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
