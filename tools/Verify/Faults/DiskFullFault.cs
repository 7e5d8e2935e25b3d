using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>The disk has no byte left, and then again.</summary>
internal sealed class DiskFullFault : IFault
{
    private const long Small = 4L << 30;
    private static readonly TimeSpan _span = TimeSpan.FromSeconds(6);

    public string Name => "disk-full";

    public string Summary => "the disk is full for 6 s: a tmpfs of 1 GiB (needs root), or the small file system that --data names";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken)
    {
        var standalone = (StandaloneTarget)target;
        if (new DriveInfo(standalone.Data).TotalSize <= Small) return null;
        if (!Environment.IsPrivilegedProcess) return "it takes root to mount a small tmpfs; or name one by --data";
        try
        {
            await standalone.MoveToSmallDiskAsync(cancellationToken);
            return null;
        }
        catch (InvalidOperationException error)
        {
            return "a tmpfs can't be mounted: " + error.Message;
        }
    }

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var filler = Path.Combine(((StandaloneTarget)context.Target).Data, "filler");
        try
        {
            // A long file in large pieces, then small ones, until the last byte is taken.
            await using var file = new FileStream(filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            foreach (var size in (int[])[4 << 20, 4 << 10])
            {
                var piece = new byte[size];
                try
                {
                    while (true) await file.WriteAsync(piece, cancellationToken);
                }
                catch (IOException)
                {
                    // Full, but for less than a piece.
                    continue;
                }
            }

            await FaultContext.LastAsync(_span, cancellationToken);
        }
        finally
        {
            File.Delete(filler);
        }
    }
}
