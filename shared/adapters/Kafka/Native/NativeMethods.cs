using System.Runtime.InteropServices;

namespace Millrace.Adapters.Kafka.Native;

/// <summary>What the producer needs of librdkafka (rdkafka.h of version 2.15.1). Everything else goes by Confluent.Kafka.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary><c>RD_KAFKA_PRODUCER</c>.</summary>
    public const int ProducerType = 0;

    /// <summary><c>RD_KAFKA_PARTITION_UA</c>: the partitioner decides.</summary>
    public const int AnyPartition = -1;

    /// <summary><c>RD_KAFKA_MSG_F_COPY</c>: the library copies the payload.</summary>
    public const int CopyPayload = 2;

    /// <summary><c>RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT</c>.</summary>
    public const int PurgeAll = 3;

    static NativeMethods() => Librdkafka.UseFor(typeof(NativeMethods).Assembly);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_new")]
    public static partial IntPtr ConfNew();

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void ConfDestroy(IntPtr conf);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ConfSet(IntPtr conf, string name, string value, byte* error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set_opaque")]
    public static partial void ConfSetOpaque(IntPtr conf, IntPtr opaque);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set_dr_msg_cb")]
    public static partial void ConfSetDelivery(IntPtr conf, delegate* unmanaged<IntPtr, Message*, IntPtr, void> callback);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set_error_cb")]
    public static partial void ConfSetError(IntPtr conf, delegate* unmanaged<IntPtr, int, byte*, IntPtr, void> callback);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set_log_cb")]
    public static partial void ConfSetLog(IntPtr conf, delegate* unmanaged<IntPtr, int, byte*, byte*, void> callback);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_new")]
    public static partial IntPtr New(int type, IntPtr conf, byte* error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_opaque")]
    public static partial IntPtr Opaque(IntPtr client);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_poll")]
    public static partial int Poll(IntPtr client, int milliseconds);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_flush")]
    public static partial int Flush(IntPtr client, int milliseconds);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_purge")]
    public static partial int Purge(IntPtr client, int flags);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_outq_len")]
    public static partial int QueueLength(IntPtr client);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_destroy")]
    public static partial void Destroy(IntPtr client);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_topic_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial IntPtr TopicNew(IntPtr client, string name, IntPtr conf);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_topic_destroy")]
    public static partial void TopicDestroy(IntPtr topic);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_produce")]
    public static partial int Produce(IntPtr topic, int partition, int flags, byte* value, nuint length, byte* key, nuint keyLength, IntPtr opaque);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_last_error")]
    public static partial int LastError();

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_produceva")]
    public static partial IntPtr ProduceWith(IntPtr client, Argument* arguments, nuint count);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_error_code")]
    public static partial int ErrorCodeOf(IntPtr error);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_error_destroy")]
    public static partial void ErrorDestroy(IntPtr error);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_test_fatal_error", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TestFatalError(IntPtr client, int error, string reason);

    /// <summary><c>rd_kafka_message_t</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Message
    {
        public int Error;
        public IntPtr Topic;
        public int Partition;
        public IntPtr Payload;
        public nuint Length;
        public IntPtr Key;
        public nuint KeyLength;
        public long Offset;
        public IntPtr Opaque;
    }

    /// <summary><c>rd_kafka_vu_t</c>: a kind, and a union of 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    public struct Argument
    {
        [FieldOffset(0)]
        public ArgumentKind Kind;

        [FieldOffset(8)]
        public IntPtr Pointer;

        [FieldOffset(8)]
        public int Number;

        [FieldOffset(16)]
        public IntPtr Second;

        [FieldOffset(24)]
        public nint Third;
    }

    /// <summary><c>rd_kafka_vtype_t</c>.</summary>
    public enum ArgumentKind
    {
        End = 0,
        TopicName,
        Topic,
        Partition,
        Value,
        Key,
        Opaque,
        Flags,
        Timestamp,
        Header,
    }
}
