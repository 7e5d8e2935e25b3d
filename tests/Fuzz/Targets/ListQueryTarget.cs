using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Alerting.Alerts;
using Millrace.Alerting.Http;
using Millrace.Archiver.Replays;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ingest.Letters;

namespace Millrace.Fuzz.Targets;

/// <summary>Query strings of the lists of alerts, dead letters, redrives and replays: filters, pages and cursors that become parameters of SQL.</summary>
internal sealed class ListQueryTarget : Target
{
    private PageQuery? _page;
    private LetterFilter? _filter;
    private IResult? _lettersRefusal;
    private IReadOnlyList<AlertState>? _states;
    private (long AtMs, string Id)? _after;
    private int _alertLimit;
    private int _replayLimit;
    private string? _replayCursor;

    public override string Name => "list-query";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source) => Queries.Make(
        source,
        ("state", s => string.Join(',', Enumerable.Range(0, s.Below(4)).Select(_ => s.Of(["pending", "firing", "recovering", "resolved", "Firing", " ", ""])))),
        ("status", s => s.Of(["dead", "redriving", "redriven", "Dead", "1"])),
        ("rule_id", s => s.Word(8)),
        ("stream", Queries.Stream),
        ("code", s => s.Word(s.Length(64))),
        ("redrive", s => s.Of([s.Word(5), "\0", "é"])),
        ("from", Queries.Time),
        ("to", Queries.Time),
        ("limit", Queries.Limit),
        ("cursor", s => s.Once(3) ? s.Of(["0194f3c8-7c1e-7e5a-8b65-4f2d3c1b0a99", "{0194f3c8-7c1e-7e5a-8b65-4f2d3c1b0a99}"]) : Queries.Cursor(s, ':', 2)));

    public override bool Parse(byte[] input)
    {
        var context = Queries.Request(input);
        var letters = LetterEndpoints.TryRead(context, out _page, out _filter, out _lettersRefusal);
        _after = null;
        _states = null;
        var alerts = Requests.TryReadPage(context, out _alertLimit, out var cursor, out _) && Requests.TryReadPosition(cursor, out _after) && AlertEndpoints.TryReadStates(context, out _states);
        if (!alerts) _states = null;
        if (!ReplayEndpoints.TryReadPage(context, out _replayLimit, out _replayCursor, out var refusal)) _replayLimit = 0;
        Require.That((_replayLimit == 0) == (refusal is not null), "neither a page of replays nor a refusal, or both");
        return letters || alerts || _replayLimit > 0;
    }

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(_filter is null == (_lettersRefusal is not null), "neither a filter nor a refusal, or both");
        if (_filter is { } filter)
        {
            Require.That(_page!.Limit is >= 1 and <= 500, $"a page of {_page.Limit}");
            foreach (var text in new[] { filter.Code, filter.Stream, filter.RedriveId, _page.After?.Id }) Require.That(text is null || !text.Contains('\0', StringComparison.Ordinal), "a NUL for the database");
            filter.AddTo(new StringBuilder(), new Dapper.DynamicParameters());
            if (_page.After is { } after)
            {
                var again = Queries.Request(Encoding.Latin1.GetBytes("?cursor=" + PageQuery.Encode(after.AtMs, after.Id)));
                // Longer by what UTF-8 made of bytes that were none: then it is refused.
                if (PageQuery.TryRead(again.Request, out var page, out _)) Require.Same(after, page.After, "the cursor, read again,");
            }
        }

        if (_states is { } states)
        {
            Require.That(_alertLimit is >= 1 and <= 500 && states.Count > 0, "no page, or no states");
            Require.That(_after is null or { AtMs: >= 0 }, "a position before all time");
        }

        Require.That(_replayLimit is >= 0 and <= 500, $"a page of {_replayLimit} replays");
        if (_replayLimit > 0) Require.That(_replayCursor is null or { Length: 36 }, "a cursor that is no id");
    }
}
