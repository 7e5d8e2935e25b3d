using Confluent.Kafka;

namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>Commits positions of a group, one request at a time, never backwards.</summary>
internal sealed class Committer(ConsumerContext context, string topic, string? group, IConsumer<Slice, Slice> consumer, Assignments assignments) : IDisposable
{
    private const int Attempts = 200;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Commits, unless the partition belongs to another member by now.</summary>
    public async ValueTask CommitAsync(int partition, long nextOffset, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                if (assignments.Find(partition) is not { } state)
                {
                    Log.CommitSkipped(context.Logger, group!, topic, partition, "revoked");
                    return;
                }

                if (nextOffset <= state.Committed) return;
                if (await Task.Run(() => TryCommit(partition, nextOffset), cancellationToken) is not { } error)
                {
                    state.Committed = nextOffset;
                    return;
                }

                if (error.Code is ErrorCode.UnknownMemberId or ErrorCode.FencedInstanceId)
                {
                    // The group has gone on without us, and says so by a rebalance in a moment.
                    Log.CommitSkipped(context.Logger, group!, topic, partition, error.Code.ToString());
                    return;
                }

                // A group that is rebalancing takes no commits for a moment (IllegalGeneration, RebalanceInProgress); what goes away waits for ours.
                if (attempt == Attempts || !KafkaErrors.IsRetryable(error.Code)) throw KafkaErrors.Of($"Committing {topic} for {group}", error.Code);
                await Task.Delay(_pause, context.Time, cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private Error? TryCommit(int partition, long nextOffset)
    {
        try
        {
            consumer.Commit([new TopicPartitionOffset(context.Options.NameOf(topic), partition, nextOffset)]);
            return null;
        }
        catch (TopicPartitionOffsetException e)
        {
            return e.Results.Find(result => result.Error.IsError)?.Error ?? e.Error;
        }
        catch (KafkaException e)
        {
            return e.Error;
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile.
            return new Error(ErrorCode.UnknownMemberId);
        }
    }
}
