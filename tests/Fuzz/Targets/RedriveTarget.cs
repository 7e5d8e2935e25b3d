using System.Text;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ingest.Letters.Redrives;

namespace Millrace.Fuzz.Targets;

/// <summary>Bodies that ask for a redrive of dead letters.</summary>
internal sealed class RedriveTarget : Target
{
    private static readonly byte[][] Words = [.. new[] { "\"all\":true", "\"filter\":{}", "\"ids\":[]", "\"id\":\"x\"", "\"bytes\":\"AA==\"", "\"event\":{}", "\"content_type\":\"application/json\"" }.Select(Encoding.UTF8.GetBytes)];

    private string _fault = "";

    public override string Name => "redrive";

    public override byte[] Make(Source source)
    {
        var fields = new List<string>();
        switch (source.Below(4))
        {
            case 0: Add("all", source.Of(["true", "true", "false", "1"])); break;
            case 1: Add("filter", Filter(source)); break;
            case 2: Add("ids", "[" + string.Join(",", Enumerable.Range(0, source.Once(20) ? 1001 : source.Below(4)).Select(_ => Id(source))) + "]"); break;
            default:
                Add("id", Id(source));
                Add(source.Of(["event", "bytes"]), source.Once(2) ? "\"e30=\"" : EventMaker.Json(source));
                if (source.Once(2)) Add("content_type", source.Of(["\"application/json\"", "\"x\"", JsonMaker.Text(source, source.Length(256))]));
                break;
        }

        if (source.Once(3)) Add("stream", "\"" + source.Word(source.Length(64)) + "\"");
        if (source.Once(20)) Add(source.Word(3), JsonMaker.Any(source));
        var body = Encoding.UTF8.GetBytes(JsonMaker.Object(source, fields));
        return source.Once(2) ? body : Mutator.Damage(body, source, Words);

        void Add(string name, string value) => fields.Add(JsonMaker.Field(source, name, value));
    }

    public override bool Parse(byte[] input) => RedriveRequest.Parse(input, out _fault) is not null;

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(accepted == (_fault.Length == 0), "accepted with a fault, or refused without");
        Require.That(_fault.Length < 1000, $"a message has {_fault.Length} characters");
    }

    private static string Filter(Source source)
    {
        var fields = new List<string>();
        if (source.Once(2)) fields.Add("\"code\":" + JsonMaker.Text(source, source.Length(128)));
        if (source.Once(2)) fields.Add("\"stream\":\"" + source.Word(source.Length(64)) + "\"");
        if (source.Once(2)) fields.Add("\"from\":" + EventMaker.Time(source, source.Once(2)));
        if (source.Once(2)) fields.Add("\"to\":" + EventMaker.Time(source, source.Once(2)));
        if (source.Once(20)) fields.Add("\"" + source.Word(3) + "\":1");
        return JsonMaker.Object(source, fields);
    }

    private static string Id(Source source) => source.Once(5) ? JsonMaker.Any(source) : "\"" + source.Word(source.Length(64)) + "\"";
}
