using Google.Protobuf;
using Millrace.Alerting.Evaluation;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Alerting.Tests.Evaluation;

public sealed class WindowReaderTests
{
    private static readonly Window Whole = new()
    {
        Tenant = "acme",
        Stream = "shop",
        Type = "purchase",
        Key = "country=DE",
        WindowStartMs = 10_000,
        WindowEndMs = 11_000,
        Revision = 9,
        Final = true,
        UpdatedAtMs = 11_700,
        Count = 4,
        DistinctSources = 3,
        SourcesSketch = ByteString.CopyFrom(new byte[500]),
        Values =
        {
            new ValueStats
            {
                Name = "amount", Count = 4, Sum = 10.5, Min = -1, Max = 9, Last = 2, P50 = 1.5, P95 = 8.5, P99 = 8.9,
                Sketch = ByteString.CopyFrom(new byte[900]),
            },
            new ValueStats { Name = "latency", Count = 1, Sum = 0.25 },
        },
        GeoCells = { new GeoCell { Geohash = "u33d", Count = 4 } },
        NewestEventAtMs = 11_650,
        Dims = { new Dim { Name = "country", Value = "DE" } },
    };

    [Fact]
    public void TryRead_window_gives_what_rules_need()
    {
        Assert.True(WindowReader.TryRead(Whole.ToByteArray(), out var window));

        Assert.Equal(("purchase", "country=DE", 9L), (window.Type, window.Key, window.Revision));
        Assert.Equal([new("country", "DE")], window.Dims);
        Assert.Equal((10_000L, 11_000L, 4UL, 3UL), (window.Sample.StartMs, window.Sample.EndMs, window.Sample.Count, window.Sample.DistinctSources));
        Assert.Equal(
            [new ValueSample("amount", 4, 10.5, -1, 9, 2, 1.5, 8.5, 8.9), new ValueSample("latency", 1, 0.25, 0, 0, 0, 0, 0, 0)],
            window.Sample.Values);
    }

    [Fact]
    public void TryScan_window_gives_its_head()
    {
        Assert.True(WindowReader.TryScan(Whole.ToByteArray(), out var header));
        Assert.Equal(new WindowHeader(10_000, 11_000, true, 11_650), header);

        Assert.True(WindowReader.TryScan(new Window { WindowEndMs = 1000 }.ToByteArray(), out header));
        Assert.Equal(new WindowHeader(0, 1000, false, 0), header);
    }

    [Fact]
    public void TryScan_record_is_cut_anywhere_never_throws()
    {
        var bytes = Whole.ToByteArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            WindowReader.TryScan(bytes.AsSpan(0, length), out _);
            WindowReader.TryRead(bytes.AsSpan(0, length), out _);
        }

        Assert.False(WindowReader.TryScan(bytes.AsSpan(0, bytes.Length - 1), out _));
        Assert.False(WindowReader.TryScan([0xFF, 0xFF], out _));
        Assert.False(WindowReader.TryScan([], out _));
    }
}
