using System.Text;
using System.Text.Json;
using Millrace.Archiver.Api;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>Bodies of POST /api/v1/query: the statement and its parameters, which become texts of ClickHouse's.</summary>
internal sealed class QueryBodyTarget : Target
{
    public override string Name => "query-body";

    public override byte[] Make(Source source)
    {
        var fields = new List<string> { JsonMaker.Field(source, "sql", JsonMaker.Text(source, source.Length(64))) };
        if (!source.Once(4)) fields.Add(JsonMaker.Field(source, "params", JsonMaker.Object(source, [.. Enumerable.Range(0, source.Below(4)).Select(_ => JsonMaker.Field(source, source.Word(3), Parameter(source)))])));
        if (source.Once(20)) fields.Add(JsonMaker.Field(source, source.Word(2), JsonMaker.Any(source)));
        var body = Encoding.UTF8.GetBytes(JsonMaker.Object(source, fields));
        return source.Once(2) ? body : Mutator.Damage(body, source, []);
    }

    public override bool Parse(byte[] input)
    {
        var accepted = QueryEndpoint.TryRead(input, out _, out var problem);
        Require.That(problem.Length < 500, $"a message of {problem.Length} characters");
        Require.That(accepted == (problem.Length == 0), "neither a query nor a reason, or both");
        return accepted;
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (!accepted) return;
        using var document = JsonDocument.Parse(input);
        Require.That(document.RootElement.TryGetProperty("sql", out _) || input.AsSpan().IndexOf((byte)'\\') >= 0, "accepted without a statement");
    }

    private static string Parameter(Source source) => source.Below(4) switch
    {
        0 => JsonMaker.Any(source),
        1 => "[" + JsonMaker.Text(source, source.Length(10)) + "," + Numbers.Any(source) + ",[true]]",
        2 => Numbers.Any(source),
        _ => JsonMaker.Text(source, source.Length(20)),
    };
}
