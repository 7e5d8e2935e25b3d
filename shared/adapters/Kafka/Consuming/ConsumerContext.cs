using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Brokers;
using Millrace.Adapters.Kafka.Configuration;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>What the readers of a log share.</summary>
internal sealed record ConsumerContext(KafkaOptions Options, Cluster Cluster, TimeProvider Time, KafkaMetrics Metrics, ILogger Logger);
