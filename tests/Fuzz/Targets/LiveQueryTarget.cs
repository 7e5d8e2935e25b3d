using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.RealtimeGateway;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Plain;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.Fuzz.Targets;

/// <summary>Query strings of <c>/ws</c>, <c>/sse</c> and <c>/api/v1/windows</c>. Whatever they say, the channel is one of the caller's tenant.</summary>
internal sealed class LiveQueryTarget : Target
{
    private readonly NamespaceTable _table = new(new GatewayOptions());
    private readonly GatewayWindowsOptions _limits = new();
    private (ChannelName Channel, DeliveryMode Mode, string? Type, RecoveryRequest Since) _asked;
    private WindowQuery _windows;
    private bool _isChannel;
    private bool _isWindows;
    private string _problem = "";
    private string _windowsProblem = "";

    public override string Name => "live-query";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source) => Queries.Make(
        source,
        ("stream", Queries.Stream),
        ("mode", s => s.Of(["deltas", "aggregated", "full", "alerts", "Full", "", "all"])),
        ("since", s => s.Of(["e", "", "a:b", s.Word(16)]) + s.Of([":", ":", "", "::"]) + s.Of(["0", "1", "-1", "00", " 1", "9223372036854775807", "9223372036854775808", $"{s.Below(100_000)}"])),
        ("type", s => s.Word(s.Length(128))),
        ("tenant", s => s.Of(["other", "acme", "*"])),
        ("from", Queries.Time),
        ("to", Queries.Time),
        ("limit", Queries.Limit),
        ("final", s => s.Of(["true", "false", "1", "0", "yes", "True"])),
        ("size", s => s.Of(["1s", "60s", "500ms", "0s", "-1s", "999999999s", "999999999ms", "1000000000s", "1m", "s", "ms", "1 s"])),
        ("cursor", s => Queries.Cursor(s, '\n', 4)));

    public override bool Parse(byte[] input)
    {
        var query = Queries.Request(input).Request.Query;
        _isChannel = PlainRequest.TryRead(query, "acme", null, out _asked, out _problem);
        _isWindows = WindowsEndpoint.TryRead(query, _limits, out _windows, out _windowsProblem);
        return _isChannel || _isWindows;
    }

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(_isChannel == (_problem.Length == 0), "neither a channel nor a reason, or both");
        Require.That(_isWindows == (_windowsProblem.Length == 0), "neither windows nor a reason, or both");
        Require.That(_problem.Length < 300 && _windowsProblem.Length < 300, "a message says too much");
        if (_isChannel)
        {
            var name = _asked.Channel;
            Require.That(name.Exists && name.Text.StartsWith("tenant:acme:", StringComparison.Ordinal), $"the channel {name.Text}");
            Require.Same(name, _table.Parse(name.Text, "acme"), "the channel, read again,");
            Require.That(_asked.Since.Offset >= 0 && (_asked.Since.Wanted || _asked.Since == default), "a position that is none");
            Require.That(_asked.Mode is DeliveryMode.Every or DeliveryMode.Aggregated, "a mode that is none");
        }

        if (!_isWindows) return;
        Require.That(_windows.Limit >= 1 && _windows.Limit <= _limits.MaxPage, $"a page of {_windows.Limit}");
        Require.That(_windows.SizeMs is null or > 0, "a window of no length");
        if (_windows.After is { } after) Require.That(WindowCursor.TryParse(after.Format(), out var again) && again == after, "a cursor is not the same when it comes back");
    }
}
