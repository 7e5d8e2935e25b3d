using FASTER.core;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>
/// Hands FasterLog the bounds that recovery found and stores nothing of its own: every entry carries a checksum and its offset, so the log
/// proves its own end and a commit costs one sync instead of two.
/// </summary>
internal sealed class FixedCommit(long beginAddress, long untilAddress) : ILogCommitManager
{
    private const long OnlyCommit = 1;

    public void Commit(long beginAddress, long untilAddress, byte[] commitMetadata, long commitNum, bool forceWriteMetadata)
    {
    }

    public byte[] GetCommitMetadata(long commitNum) =>
        new FasterLogRecoveryInfo { BeginAddress = beginAddress, UntilAddress = untilAddress, CommitNum = OnlyCommit }.ToByteArray();

    public IEnumerable<long> ListCommits() => [OnlyCommit];

    public void RemoveCommit(long commitNum)
    {
    }

    public void RemoveAllCommits()
    {
    }

    public void OnRecovery(long commitNum)
    {
    }

    public void Dispose()
    {
    }
}
