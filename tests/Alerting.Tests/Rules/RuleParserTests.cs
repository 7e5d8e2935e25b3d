using System.Text.Json;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Tests.Support;
using Xunit;

namespace Millrace.Alerting.Tests.Rules;

public sealed class RuleParserTests
{
    private const string Whole = """
        {"id":"too-many","name":"Too many purchases","enabled":false,"kind":"threshold","stream":"shop","type":"purchase","key":"country=DE",
         "severity":"critical","labels":{"team":"payments"},"annotations":{"summary":"{{ $value }}"},"for":"3s","keep_firing_for":"1m",
         "condition":{"value":"amount.p95","op":">=","threshold":10.5,"recovery_threshold":8,"window":"5s","no_data":"hold"},
         "receivers":["ops"],"revision":7}
        """;

    [Fact]
    public void Parse_whole_rule_comes_back_as_it_was()
    {
        var rule = Parse.Rule(Whole);

        var written = JsonSerializer.Serialize(RuleDocument.From(rule), AlertingJson.Plain.RuleDocument);
        using var before = JsonDocument.Parse(Whole);
        using var after = JsonDocument.Parse(written);
        foreach (var property in before.RootElement.EnumerateObject().Where(property => property.Name != "revision"))
            Assert.Equal(property.Value.GetRawText(), after.RootElement.GetProperty(property.Name).GetRawText());
        Assert.Equal(written, JsonSerializer.Serialize(RuleDocument.From(Parse.Rule(written)), AlertingJson.Plain.RuleDocument));
    }

    [Fact]
    public void Parse_only_what_is_required_gets_the_defaults()
    {
        var rule = Parse.Rule("""{"name":"x","kind":"threshold","stream":"shop","condition":{"value":"count","op":">","threshold":5}}""");

        Assert.True(Guid.TryParse(rule.Id, out _));
        Assert.True(rule.Enabled);
        Assert.Null(rule.Type);
        Assert.Null(rule.Key);
        Assert.Equal("warning", rule.Severity);
        Assert.Equal(TimeSpan.Zero, rule.For);
        Assert.Equal(1000, rule.Condition.WindowMs);
        Assert.Empty(rule.Receivers);
    }

    [Fact]
    public void Parse_everything_is_wrong_names_every_field()
    {
        var (rule, errors) = Parse.Try("""
            {"id":"Ä","name":"","enabled":"yes","kind":"threshold","stream":"Shop","type":5,"severity":"fatal",
             "labels":{"alertname":"x","1st":"y","ok":3},"annotations":[],"for":"3 seconds","keep_firing_for":"2w",
             "condition":{"value":"amount.median","op":"=>","threshold":"5","window":"7s","no_data":"ignore","extra":1},
             "receivers":["a",5],"colour":"red"}
            """);

        Assert.Null(rule);
        Assert.Equal(
            [
                "id [invalid_name] Must match [a-z0-9][a-z0-9._-]{0,63}.",
                "name [missing_field] Must not be empty.",
                "enabled [wrong_type] Must be true or false.",
                "stream [invalid_name] Must match [a-z0-9][a-z0-9._-]{0,63}.",
                "type [wrong_type] Must be a text.",
                "severity [bad_request] 'fatal' is not one of info, warning, critical.",
                "labels.alertname [invalid_name] Is set by Millrace itself.",
                "labels.1st [invalid_name] Must match [a-zA-Z_][a-zA-Z0-9_]{0,127}.",
                "labels.ok [wrong_type] Must be a text.",
                "annotations [wrong_type] Must be an object of texts.",
                "for [invalid_time] '3 seconds' is not a duration such as 500ms, 3s, 1m30s or 2h.",
                "keep_firing_for [invalid_time] Must be between 0s and 1w.",
                "receivers[1] [wrong_type] Must be a text.",
                "condition.value [bad_request] 'amount.median' is not count, rate, distinct_sources, or <name>.sum, .min, .max, .last, .avg, .count, "
                    + ".p50, .p95 or .p99 of a value.",
                "condition.op [bad_request] '=>' is not one of >, >=, <, <=, ==, !=.",
                "condition.threshold [wrong_type] Must be a number.",
                "condition.window [bad_request] There are no windows of 7s; there are windows of 1s, 5s.",
                "condition.no_data [bad_request] 'ignore' is not one of clear, hold, breach.",
                "condition.extra [unknown_field] Is not a known field.",
                "colour [unknown_field] Is not a known field.",
            ],
            errors.Select(error => $"{error.Field} [{error.Code}] {error.Message}"));
    }

    [Theory]
    [InlineData("[]", " [wrong_type] Must be a JSON object.")]
    [InlineData("""{"name":"x","stream":"s","condition":{}}""", "kind [missing_field] Is required.")]
    [InlineData("""{"name":"x","stream":"s","kind":"sorcery","condition":{}}""", "kind [bad_request] 'sorcery' is not one of threshold, absence.")]
    [InlineData("""{"name":"x","stream":"s","kind":"absence"}""", "condition [missing_field] Is required.")]
    [InlineData("""{"name":"x","stream":"s","kind":"absence","condition":{"for":"1ms"}}""", "condition.for [invalid_time] Must be between 1s and 1w.")]
    [InlineData(
        """{"name":"x","stream":"s","kind":"absence","condition":{"for":"5s","scope":"all"}}""",
        "condition.scope [bad_request] 'all' is not one of rule, series.")]
    [InlineData(
        """{"name":"x","stream":"s","kind":"threshold","condition":{"value":"count","op":">","threshold":5,"recovery_threshold":6}}""",
        "condition.recovery_threshold [bad_request] Must not be above the threshold.")]
    [InlineData(
        """{"name":"x","stream":"s","kind":"threshold","condition":{"value":"count","op":"<","threshold":5,"recovery_threshold":4}}""",
        "condition.recovery_threshold [bad_request] Must not be below the threshold.")]
    [InlineData(
        """{"name":"x","stream":"s","kind":"threshold","condition":{"value":"count","op":"==","threshold":5,"recovery_threshold":5}}""",
        "condition.recovery_threshold [bad_request] Has no meaning with the operator ==.")]
    [InlineData(
        """{"name":"x","stream":"s","kind":"threshold","condition":{"value":"count","op":">","threshold":1e999}}""",
        "condition.threshold [value_not_finite] Must be a finite number.")]
    public void Parse_one_thing_is_wrong_says_what(string json, string expected)
    {
        var (rule, errors) = Parse.Try(json);

        Assert.Null(rule);
        var error = Assert.Single(errors);
        Assert.Equal(expected, $"{error.Field} [{error.Code}] {error.Message}");
    }
}
