using Millrace.Contracts.Sketches;
using Xunit;

namespace Millrace.Aggregator.Tests.Sketches;

public sealed class DDSketchTests
{
    private static readonly double[] _quantiles = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var name in Distributions.Names)
        {
            foreach (var count in new[] { 1, 2, 15, 16, 17, 100, 5_000 }) cases.Add(name, count);
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Quantile_of_any_distribution_is_within_the_relative_error(string distribution, int count)
    {
        var numbers = Distributions.Take(distribution, count, seed: count);
        var sketch = Of(numbers);
        Array.Sort(numbers);
        foreach (var q in _quantiles)
        {
            var exact = numbers[(int)(q * (count - 1))];
            AssertWithin(exact, sketch.Quantile(q), sketch.RelativeError);
        }
    }

    [Theory]
    [InlineData(0.001)]
    [InlineData(0.05)]
    [InlineData(0.3)]
    public void Quantile_at_another_accuracy_is_within_it(double relativeError)
    {
        var numbers = Distributions.Take("lognormal", 20_000, 3);
        var sketch = new DDSketch(relativeError, 65_536);
        foreach (var number in numbers) sketch.Insert(number);
        Array.Sort(numbers);
        foreach (var q in _quantiles) AssertWithin(numbers[(int)(q * (numbers.Length - 1))], sketch.Quantile(q), relativeError);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Merge_of_parts_in_any_order_equals_the_whole(string distribution, int count)
    {
        var numbers = Distributions.Take(distribution, count, seed: count + 1);
        var whole = Of(numbers);
        var random = new Random(count);
        for (var round = 0; round < 4; round++)
        {
            random.Shuffle(numbers);
            var parts = new List<DDSketch>();
            for (var at = 0; at < count;)
            {
                var take = Math.Min(count - at, random.Next(1, Math.Max(2, count / 3)));
                parts.Add(Of(numbers.AsSpan(at, take)));
                at += take;
            }

            parts.Add(new DDSketch());
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(parts));
            var merged = new DDSketch();
            foreach (var part in parts) merged.Merge(part);
            Assert.Equal(whole.ToArray(), merged.ToArray());
        }
    }

    [Fact]
    public void Insert_of_a_range_beyond_the_bound_keeps_the_largest_magnitudes_accurate_and_is_order_independent()
    {
        // 64 buckets at 1 % span a factor of 3.6: everything below collapses.
        var numbers = Distributions.Take("pareto", 3_000, 5).Concat(Distributions.Take("mixed-signs", 3_000, 6)).ToArray();
        var expected = Filled(numbers, 64);
        var random = new Random(7);
        for (var round = 0; round < 5; round++)
        {
            random.Shuffle(numbers);
            var middle = random.Next(numbers.Length);
            var merged = Filled(numbers.AsSpan(0, middle), 64);
            merged.Merge(Filled(numbers.AsSpan(middle), 64));
            Assert.Equal(expected.ToArray(), Filled(numbers, 64).ToArray());
            Assert.Equal(expected.ToArray(), merged.ToArray());
        }

        Array.Sort(numbers);
        AssertWithin(numbers[^1], expected.Quantile(1), 0.01);
        AssertWithin(numbers[0], expected.Quantile(0), 0.01);
        Assert.Equal(numbers.Length, expected.Count);
    }

    [Fact]
    public void Merge_with_itself_doubles_the_counts()
    {
        var large = Of(Distributions.Take("normal", 100, 1));
        var twice = Of([.. Distributions.Take("normal", 100, 1), .. Distributions.Take("normal", 100, 1)]);
        large.Merge(large);
        Assert.Equal(twice.ToArray(), large.ToArray());

        var small = Of([1, 2, 3]);
        small.Merge(small);
        Assert.Equal(Of([1, 1, 2, 2, 3, 3]).ToArray(), small.ToArray());
    }

    [Fact]
    public void Merge_of_another_accuracy_is_refused()
    {
        Assert.False(new DDSketch().CanMerge(new DDSketch(0.02)));
        Assert.False(new DDSketch().CanMerge(new DDSketch(0.01, 128)));
        Assert.Throws<ArgumentException>(() => new DDSketch().Merge(new DDSketch(0.02)));
    }

    [Fact]
    public void Quantile_of_nothing_is_not_a_number() => Assert.True(double.IsNaN(new DDSketch().Quantile(0.5)));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Insert_of_no_finite_number_is_refused(double value) => Assert.Throws<ArgumentOutOfRangeException>(() => new DDSketch().Insert(value));

    [Fact]
    public void Insert_of_the_extremes_of_double_is_within_the_error()
    {
        double[] extremes = [double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon, 2.2250738585072014E-308, -2.2250738585072014E-308, 0, -0.0, 1, -1];
        var sketch = new DDSketch(0.01, 65_536);
        for (var i = 0; i < 3; i++)
        {
            foreach (var value in extremes) sketch.Insert(value);
        }

        AssertWithin(double.MaxValue, sketch.Quantile(1), 0.01);
        AssertWithin(double.MinValue, sketch.Quantile(0), 0.01);
        AssertWithin(0, sketch.Quantile(0.5), 0.01);
        Assert.True(DDSketch.TryRead(sketch.ToArray(), out var read));
        Assert.Equal(sketch.ToArray(), read.ToArray());
    }

    [Fact]
    public void Clear_empties_the_sketch()
    {
        var sketch = Of(Distributions.Take("mixed-signs", 1_000, 1));
        sketch.Clear();
        Assert.Equal(0, sketch.Count);
        Assert.Equal(new DDSketch().ToArray(), sketch.ToArray());
        foreach (var number in Distributions.Take("uniform", 100, 2)) sketch.Insert(number);
        Assert.Equal(Of(Distributions.Take("uniform", 100, 2)).ToArray(), sketch.ToArray());
    }

    [Fact]
    public void Insert_in_the_steady_state_allocates_nothing()
    {
        var numbers = Distributions.Take("lognormal", 10_000, 9);
        var sketch = new DDSketch();
        foreach (var number in numbers) sketch.Insert(number);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var number in numbers) sketch.Insert(number);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static DDSketch Of(ReadOnlySpan<double> numbers) => Filled(numbers, DDSketch.DefaultMaxBuckets);

    private static DDSketch Filled(ReadOnlySpan<double> numbers, int maxBuckets)
    {
        var sketch = new DDSketch(DDSketch.DefaultRelativeError, maxBuckets);
        foreach (var number in numbers) sketch.Insert(number);
        return sketch;
    }

    private static void AssertWithin(double exact, double estimate, double relativeError)
    {
        // One part in 10^9 on top for the rounding of logarithm and exponential.
        var tolerance = (Math.Abs(exact) * (relativeError + 1e-9)) + 2.3e-308;
        Assert.True(Math.Abs(estimate - exact) <= tolerance, $"{estimate} is not within {relativeError} of {exact}");
    }
}
