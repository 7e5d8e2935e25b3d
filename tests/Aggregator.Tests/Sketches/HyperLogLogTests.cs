using System.Text;
using Millrace.Contracts.Sketches;
using Xunit;

namespace Millrace.Aggregator.Tests.Sketches;

public sealed class HyperLogLogTests
{
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Estimate_at_every_size_is_within_the_standard_error_and_unbiased(int precision)
    {
        // 48 independent sets: the mean error shrinks by √48, so a bias of a third of the standard error would show.
        const int Rounds = 48;
        var standardError = 1.04 / Math.Sqrt(1 << precision);
        foreach (var count in new[] { 1, 5, 50, 200, 500, 2_000, 5_000, 10_000, 20_000, 100_000 })
        {
            double sum = 0, squares = 0;
            for (var round = 0; round < Rounds; round++)
            {
                var error = (Of((round * 1_000_000) + 17, count, precision).Estimate() - count) / (double)count;
                sum += error;
                squares += error * error;
                Assert.True(Math.Abs(error) <= 4.5 * standardError, $"{count}: error {error}");
            }

            Assert.True(Math.Abs(sum / Rounds) <= standardError / 2, $"{count}: bias {sum / Rounds}");
            Assert.True(Math.Sqrt(squares / Rounds) <= standardError * 1.3, $"{count}: deviation {Math.Sqrt(squares / Rounds)}");
        }
    }

    [Fact]
    public void Estimate_of_few_things_is_exact_but_for_collisions()
    {
        Assert.Equal(0, new HyperLogLog().Estimate());
        Assert.Equal(1, Of(0, 1).Estimate());
        Assert.InRange(Of(0, 20).Estimate(), 19, 21);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    [InlineData(256)]
    [InlineData(300)]
    [InlineData(50_000)]
    public void Merge_of_parts_equals_the_whole_in_any_order_with_repetitions(int count)
    {
        var whole = Of(0, count);
        var random = new Random(count);
        for (var round = 0; round < 3; round++)
        {
            var parts = Enumerable.Range(0, 5).Select(_ => new HyperLogLog()).ToArray();
            for (var i = 0; i < count; i++)
            {
                parts[random.Next(5)].Add(Thing(i));
                parts[random.Next(5)].Add(Thing(i));
            }

            random.Shuffle(parts);
            var merged = new HyperLogLog();
            foreach (var part in parts) merged.Merge(part);
            merged.Merge(merged);
            Assert.Equal(whole.ToArray(), merged.ToArray());
        }
    }

    [Fact]
    public void Merge_of_another_precision_is_refused() => Assert.Throws<ArgumentException>(() => new HyperLogLog(11).Merge(new HyperLogLog(12)));

    [Fact]
    public void Clear_empties_the_sketch_and_reuse_allocates_nothing()
    {
        var things = Enumerable.Range(0, 5_000).Select(Thing).ToArray();
        var sketch = new HyperLogLog();
        foreach (var thing in things) sketch.Add(thing);
        sketch.Clear();
        Assert.True(sketch.IsEmpty);
        Assert.Equal(new HyperLogLog().ToArray(), sketch.ToArray());
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var thing in things) sketch.Add(thing);
        sketch.Clear();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static HyperLogLog Of(int first, int count, int precision = HyperLogLog.DefaultPrecision)
    {
        var sketch = new HyperLogLog(precision);
        for (var i = first; i < first + count; i++) sketch.Add(Thing(i));
        return sketch;
    }

    private static byte[] Thing(int i) => Encoding.UTF8.GetBytes($"sensor-{i}");
}
