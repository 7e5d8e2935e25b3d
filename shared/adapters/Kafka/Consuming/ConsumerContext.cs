using Microsoft.Extensions.Logging;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Adapters.Kafka.Topics;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>What the readers of a log share.</summary>
internal sealed record ConsumerContext(KafkaOptions Options, Cluster Cluster, TimeProvider Time, KafkaMetrics Metrics, ILogger Logger);
