using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>The reading in place of what stands on the log, which every service does: it must end, within the bytes, whatever they are.</summary>
internal sealed class EventViewTarget : Target
{
    private int _bytes;

    public override string Name => "event-view";

    public override long AllocationBase => 1024;

    public override long AllocationFactor => 0;

    public override byte[] Make(Source source)
    {
        var e = new Event { Id = source.Word(8), Stream = source.Word(4), Type = source.Word(4), TimeMs = (long)source.Bits(), Tenant = "acme", Geo = new GeoPoint { Lat = 1, Lon = 2 } };
        for (var count = source.Below(4); count > 0; count--) e.Dims[source.Word(3)] = source.Word(5);
        for (var count = source.Below(4); count > 0; count--) e.Values[source.Word(3)] = count;
        return source.Once(8) ? source.Bytes(source.Below(60)) : Mutator.Damage(e.ToByteArray(), source, []);
    }

    public override bool Parse(byte[] input)
    {
        var good = EventView.TryParse(input, out var view);
        _bytes = view.Id.Length + view.Source.Length + view.Stream.Length + view.Type.Length + view.Tenant.Length + view.Data.Length;
        foreach (var dim in view.Dims) _bytes += dim.Name.Length + dim.Value.Length;
        foreach (var value in view.Values) _bytes += value.Name.Length;
        return good;
    }

    public override void Check(byte[] input, bool accepted) => Require.That(_bytes <= input.Length, "more was read than is there");
}
