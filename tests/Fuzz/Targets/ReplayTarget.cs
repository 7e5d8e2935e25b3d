using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Alerting;
using Millrace.Alerting.Http;
using Millrace.Alerting.Replays;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Archiver.Replays;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>Bodies that ask for replays: of the archive (<c>POST /api/v1/replays</c>), and of a rule (<c>POST /api/v1/rules/{id}/replays</c>).</summary>
internal sealed class ReplayTarget : Target
{
    private const long DayMs = 86_400_000;
    private static readonly byte[][] Words = [.. new[] { "\"target\":\"table\"", "\"table\":\"events\"", "\"from\":\"2026-01-01T00:00:00Z\"", "\"to\":null", "\"rule\":{}", "events\\n" }.Select(Encoding.UTF8.GetBytes)];

    private readonly RuleParser _parser = new([new AbsenceRule(), new ThresholdRule()], Options.Create(new AlertingOptions()));
    private ReplayRequest? _request;
    private string _fault = "";
    private (long FromMs, long ToMs, Rule? Given)? _rule;
    private FieldErrors _errors = new();

    public override string Name => "replay";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source)
    {
        var fields = new List<string>();
        var ofRule = source.Once(3);
        if (ofRule)
        {
            if (source.Once(2)) Add("rule", source.Once(4) ? JsonMaker.Any(source) : """{"name":"a","stream":"s","kind":"absence","condition":{"for":"1m"}}""");
        }
        else
        {
            var table = source.Once(2);
            Add("target", source.Once(10) ? source.Of(["\"rule\"", "null", "1", JsonMaker.Text(source, 8)]) : table ? "\"table\"" : "\"rollups\"");
            if (table) Add("table", source.Once(6) ? JsonMaker.Text(source, source.Length(40)) : "\"" + source.Of(["events", "events_2", "Events", "e`v", "events\\n", "_x", "a" + source.Word(source.Length(40))]) + "\"");
            if (source.Once(2)) Add("stream", "\"" + Queries.Stream(source).Replace("\0", "\\u0000", StringComparison.Ordinal) + "\"");
        }

        if (!source.Once(20)) Add("from", Time(source, 1));
        if (!source.Once(20)) Add("to", Time(source, source.Once(8) ? 1 : 2));
        if (source.Once(20)) Add(source.Once(4) ? source.Word(2000) : source.Word(3), JsonMaker.Any(source));
        var body = Encoding.UTF8.GetBytes(JsonMaker.Object(source, fields));
        return source.Once(2) ? body : Mutator.Damage(body, source, Words);

        void Add(string name, string value) => fields.Add(JsonMaker.Field(source, name, value));
    }

    public override bool Parse(byte[] input)
    {
        _request = ReplayRequest.Parse(input, out _fault);
        _rule = null;
        _errors = new FieldErrors();
        var context = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        context.Request.Body = new MemoryStream(input);
        var (body, _) = Requests.ReadJsonAsync(context).GetAwaiter().GetResult();
        if (body is null) return _request is not null;
        using (body) _rule = RuleReplayEndpoint.Read(body.RootElement, _parser, "acme", "r", _errors);
        return _request is not null || _rule is not null;
    }

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(_request is not null == (_fault.Length == 0), "accepted with a fault, or refused without");
        Require.That(_fault.Length < 500, $"a message has {_fault.Length} characters");
        Require.That(_errors.Items.All(error => error.Message.Length is > 0 and < 9000), "an error says nothing, or too much");
        if (_request is { } request)
        {
            Require.That(request.FromMs >= 0 && request.FromMs < request.ToMs && request.ToMs - request.FromMs <= 400 * DayMs, "a range that is none");
            if (request.Target == ReplayRequest.Rollups) Require.That(request.FromMs % DayMs == 0 && request.ToMs % DayMs == 0 && request.Table is null, "rollups of less than whole days, or of a table");
            else Require.That(request.Table is { Length: <= 41 } table && table.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'), "a table whose name needs quoting");
            Require.That(request.Stream is null || Millrace.RealtimeGateway.Channels.ChannelName.IsStream(request.Stream), "a stream that is none");
        }

        if (_rule is not { } rule) return;
        Require.That(rule.FromMs >= 0 && rule.FromMs < rule.ToMs && rule.ToMs - rule.FromMs <= 31 * DayMs && !_errors.Any, "a range of a rule that is none");
        if (rule.Given is { } given) Require.Same("r", given.Id, "the id of the rule");
    }

    private static string Time(Source source, int month) => source.Once(6)
        ? "\"" + Queries.Time(source) + "\""
        : source.Once(20) ? JsonMaker.Any(source) : $"\"2026-0{month}-{source.Between(10, 28)}T{source.Between(10, 23)}:00:00Z\"";
}
