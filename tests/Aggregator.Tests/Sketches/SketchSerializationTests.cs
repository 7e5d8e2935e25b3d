using Millrace.Contracts.Sketches;
using Xunit;

namespace Millrace.Aggregator.Tests.Sketches;

public sealed class SketchSerializationTests
{
    [Fact]
    public void Sketch_read_back_is_the_same_and_goes_on_alike()
    {
        foreach (var name in Distributions.Names)
        {
            foreach (var count in new[] { 0, 1, 16, 17, 300, 4_000 })
            {
                var sketch = DDSketchTests.Of(Distributions.Take(name, count, count));
                var bytes = sketch.ToArray();
                Assert.Equal(sketch.GetByteCount(), bytes.Length);
                Assert.True(DDSketch.TryRead(bytes, out var read));
                Assert.Equal(sketch.Count, read.Count);
                foreach (var number in Distributions.Take("lognormal", 40, 1))
                {
                    read.Insert(number);
                    sketch.Insert(number);
                }

                Assert.Equal(sketch.ToArray(), read.ToArray());
            }
        }
    }

    [Fact]
    public void Counter_read_back_is_the_same_and_goes_on_alike()
    {
        foreach (var precision in new[] { HyperLogLog.MinPrecision, 11, 12, HyperLogLog.MaxPrecision })
        {
            foreach (var count in new[] { 0, 1, 10, 256, 257, 2_000, 100_000 })
            {
                var sketch = HyperLogLogTests.Of(0, count, precision);
                var bytes = sketch.ToArray();
                Assert.Equal(sketch.GetByteCount(), bytes.Length);
                Assert.True(HyperLogLog.TryRead(bytes, out var read));
                Assert.Equal(sketch.Estimate(), read.Estimate());
                read.Merge(HyperLogLogTests.Of(50_000, 300, precision));
                sketch.Merge(HyperLogLogTests.Of(50_000, 300, precision));
                Assert.Equal(sketch.ToArray(), read.ToArray());
            }
        }
    }

    [Fact]
    public void TryRead_of_damaged_bytes_answers_and_what_it_accepts_is_canonical()
    {
        var random = new Random(11);
        var seeds = new List<byte[]>
        {
            DDSketchTests.Of([1, 2, 3]).ToArray(),
            DDSketchTests.Of(Distributions.Take("mixed-signs", 500, 1)).ToArray(),
            Filled(new DDSketch(0.02, 128)).ToArray(),
            HyperLogLogTests.Of(0, 20).ToArray(),
            HyperLogLogTests.Of(0, 5_000).ToArray(),
        };
        for (var round = 0; round < 60_000; round++)
        {
            var bytes = Damage(seeds[random.Next(seeds.Count)], random);
            if (DDSketch.TryRead(bytes, out var sketch))
            {
                Assert.Equal(bytes, sketch.ToArray());
                if (sketch.Count > 0) Assert.True(double.IsFinite(sketch.Quantile(0.5)));
            }

            if (!HyperLogLog.TryRead(bytes, out var counter)) continue;
            Assert.Equal(bytes, counter.ToArray());
            Assert.True(counter.Estimate() >= 0);
        }
    }

    [Fact]
    public void TryRead_of_every_prefix_is_refused()
    {
        foreach (var bytes in new[] { DDSketchTests.Of(Distributions.Take("mixed-signs", 500, 1)).ToArray(), DDSketchTests.Of([4, 5]).ToArray() })
        {
            for (var length = 0; length < bytes.Length; length++) Assert.False(DDSketch.TryRead(bytes.AsSpan(0, length), out _));
            Assert.False(DDSketch.TryRead([.. bytes, 0], out _));
        }

        foreach (var bytes in new[] { HyperLogLogTests.Of(0, 20).ToArray(), HyperLogLogTests.Of(0, 5_000).ToArray() })
        {
            for (var length = 0; length < bytes.Length; length++) Assert.False(HyperLogLog.TryRead(bytes.AsSpan(0, length), out _));
            Assert.False(HyperLogLog.TryRead([.. bytes, 0], out _));
        }
    }

    private static DDSketch Filled(DDSketch sketch)
    {
        foreach (var number in Distributions.Take("normal", 100, 2)) sketch.Insert(number);
        return sketch;
    }

    private static byte[] Damage(byte[] seed, Random random)
    {
        var bytes = seed.ToArray();
        for (var i = random.Next(1, 5); i > 0; i--) bytes[random.Next(3) == 0 ? random.Next(Math.Min(12, bytes.Length)) : random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(4) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes;
    }
}
