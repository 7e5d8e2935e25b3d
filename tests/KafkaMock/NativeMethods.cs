using System.Runtime.InteropServices;
using Millrace.Adapters.Kafka.Native;

namespace Millrace.KafkaMock;

/// <summary>What the mock cluster needs of librdkafka (rdkafka.h, rdkafka_mock.h of version 2.15.1).</summary>
internal static partial class NativeMethods
{
    /// <summary><c>RD_KAFKA_PRODUCER</c>.</summary>
    public const int Producer = 0;

    /// <summary>Means every broker.</summary>
    public const int AllBrokers = -1;

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_new")]
    public static partial IntPtr ConfNew();

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ConfSet(IntPtr conf, string name, string value, Span<byte> error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_new")]
    public static partial IntPtr New(int type, IntPtr conf, Span<byte> error, nuint errorSize);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_destroy")]
    public static partial void Destroy(IntPtr client);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_err2name")]
    public static partial IntPtr ErrorName(int error);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_new")]
    public static partial IntPtr ClusterNew(IntPtr client, int brokers);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_destroy")]
    public static partial void ClusterDestroy(IntPtr cluster);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    public static partial IntPtr Bootstraps(IntPtr cluster);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TopicCreate(IntPtr cluster, string topic, int partitions, int replicas);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_topic_delete", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int TopicDelete(IntPtr cluster, string topic);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_partition_delete_records", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int DeleteRecords(IntPtr cluster, string topic, int partition, long before);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_broker_set_down")]
    public static partial int BrokerDown(IntPtr cluster, int broker);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_broker_set_up")]
    public static partial int BrokerUp(IntPtr cluster, int broker);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
    public static partial int BrokerRoundTrip(IntPtr cluster, int broker, int milliseconds);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
    public static partial void InitialRebalanceDelay(IntPtr cluster, int milliseconds);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_set_controller_id")]
    public static partial void SetController(IntPtr cluster, int broker);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    public static partial void PushErrors(IntPtr cluster, short api, nuint count, ReadOnlySpan<int> errors);

    [LibraryImport(Librdkafka.Name, EntryPoint = "rd_kafka_mock_clear_request_errors")]
    public static partial void ClearErrors(IntPtr cluster, short api);
}
