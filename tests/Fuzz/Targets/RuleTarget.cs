using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Millrace.Alerting;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>Definitions of alert rules as people send them. An accepted one, shown and sent again, is the same rule.</summary>
internal sealed class RuleTarget : Target
{
    private static readonly byte[][] Words = [.. new[] { "\"for\":\"5m\"", "\"condition\":{}", "\"kind\":\"absence\"", "\"labels\":{\"a\":\"b\"}", "\"receivers\":[\"x\"]", "\"window\":\"1s\"", "\"no_data\":\"hold\"", "\"1y1w1d\"" }.Select(Encoding.UTF8.GetBytes)];

    private readonly RuleParser _parser = new([new AbsenceRule(), new ThresholdRule()], Options.Create(new AlertingOptions()));
    private Rule? _rule;
    private FieldErrors _errors = new();

    public override string Name => "rule";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source)
    {
        var body = Encoding.UTF8.GetBytes(Rule(source));
        return source.Once(2) ? body : Mutator.Damage(body, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        _rule = null;
        _errors = new FieldErrors();
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(input);
        var (body, refusal) = Requests.ReadJsonAsync(context).GetAwaiter().GetResult();
        Require.That(body is null != refusal is null, "neither a document nor a refusal");
        if (body is null) return false;
        using (body) _rule = _parser.Parse(body.RootElement, "acme", null, _errors);
        return _rule is not null;
    }

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(_errors.Items.All(error => error.Code.Length > 0 && error.Message.Length is > 0 and < 9000), "an error says nothing, or too much");
        if (_rule is not { } rule) return;
        Require.That(!_errors.Any, "accepted with errors");
        rule.Condition.Describe();
        var shown = JsonSerializer.SerializeToUtf8Bytes(RuleDocument.From(rule), AlertingJson.Plain.RuleDocument);
        using var document = JsonDocument.Parse(shown);
        var errors = new FieldErrors();
        var again = _parser.Parse(document.RootElement, "acme", null, errors);
        Require.That(again is not null, $"the rule as shown is refused: {string.Join(", ", errors.Items)}");
        Require.Same(Encoding.UTF8.GetString(shown), Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(RuleDocument.From(again!), AlertingJson.Plain.RuleDocument)), "the rule sent again");
    }

    private static string Rule(Source source)
    {
        var fields = new List<string>();
        Often("name", JsonMaker.Text(source, Math.Max(1, source.Length(128))));
        Often("stream", JsonMaker.Quote(source, source.Word(source.Between(1, 12))));
        var threshold = source.Once(2);
        Often("kind", threshold ? "\"threshold\"" : "\"absence\"");
        Often("condition", Condition(source, threshold));
        Maybe("id", JsonMaker.Quote(source, source.Word(source.Between(1, 65))));
        Maybe("enabled", source.Of(["true", "false", "null", "0"]));
        Maybe("type", JsonMaker.Text(source, source.Length(128)));
        Maybe("key", JsonMaker.Text(source, source.Length(1024)));
        Maybe("severity", source.Of(["\"info\"", "\"critical\"", "\"warning\"", "\"none\""]));
        Maybe("labels", Texts(source));
        Maybe("annotations", Texts(source));
        Maybe("for", Duration(source));
        Maybe("keep_firing_for", Duration(source));
        Maybe("receivers", "[" + string.Join(",", Enumerable.Range(0, source.Below(18)).Select(_ => JsonMaker.Text(source, source.Below(5)))) + "]");
        Maybe("revision", Numbers.Any(source));
        if (source.Once(30)) Maybe(source.Word(3), JsonMaker.Any(source));
        return JsonMaker.Object(source, fields);

        void Often(string name, string value)
        {
            if (!source.Once(40)) fields.Add(JsonMaker.Field(source, name, source.Once(40) ? JsonMaker.Any(source) : value));
        }

        void Maybe(string name, string value)
        {
            if (source.Once(4)) fields.Add(JsonMaker.Field(source, name, value));
        }
    }

    private static string Condition(Source source, bool threshold)
    {
        var fields = new List<string>();
        if (source.Once(4)) fields.Add(JsonMaker.Field(source, "window", source.Once(3) ? Duration(source) : "\"1s\""));
        if (threshold)
        {
            fields.Add(JsonMaker.Field(source, "value", source.Of(["\"count\"", "\"rate\"", "\"amount.p95\"", "\"values.x.sum\"", JsonMaker.Text(source, 5)])));
            fields.Add(JsonMaker.Field(source, "op", source.Of(["\">\"", "\"<=\"", "\"==\"", "\"=>\""])));
            fields.Add(JsonMaker.Field(source, "threshold", Numbers.Any(source)));
            if (source.Once(4)) fields.Add(JsonMaker.Field(source, "recovery_threshold", Numbers.Any(source)));
            if (source.Once(4)) fields.Add(JsonMaker.Field(source, "no_data", source.Of(["\"clear\"", "\"hold\"", "\"breach\"", "\"x\""])));
        }
        else
        {
            fields.Add(JsonMaker.Field(source, "for", Duration(source)));
            if (source.Once(3)) fields.Add(JsonMaker.Field(source, "scope", source.Of(["\"rule\"", "\"series\"", "\"\""])));
        }

        return JsonMaker.Object(source, fields);
    }

    private static string Duration(Source source) => source.Once(5)
        ? source.Of(["\"0\"", "\"\"", "\"9223372036854775807ms\"", "\"1s1m\"", "\"7d\"", "\"604800001ms\"", "\"-1s\"", "\"1.5s\"", "60", "\"10y\"", "\"ms\"", "\"1y9999999999d\""])
        : $"\"{source.Between(1, 90)}{source.Of(["ms", "s", "m", "h"])}\"";

    private static string Texts(Source source) =>
        JsonMaker.Object(source, [.. Enumerable.Range(0, source.Once(10) ? 33 : source.Below(4)).Select(_ => (source.Once(4) ? JsonMaker.Text(source, source.Length(128)) : "\"" + source.Word(4) + "\"") + ":" + JsonMaker.Text(source, source.Length(256, 2048)))]);
}
