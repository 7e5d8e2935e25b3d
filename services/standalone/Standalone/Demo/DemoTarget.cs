namespace Millrace.Standalone.Demo;

/// <summary>Where the demo sends to, known once the server listens.</summary>
internal sealed class DemoTarget
{
    private readonly TaskCompletionSource<(Uri Url, string Key)> _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set(Uri url, string key) => _known.TrySetResult((url, key));

    public Task<(Uri Url, string Key)> WaitAsync(CancellationToken cancellationToken) => _known.Task.WaitAsync(cancellationToken);
}
