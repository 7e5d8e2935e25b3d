namespace Millrace.Contracts.Sketches;

public sealed partial class DDSketch
{
    /// <summary>The number at rank ⌊q (n - 1)⌋ of the sorted numbers, within the relative error; <see cref="double.NaN"/> when there is none.</summary>
    /// <param name="q">From 0 to 1.</param>
    public double Quantile(double q)
    {
        var result = double.NaN;
        Quantiles([q], new Span<double>(ref result));
        return result;
    }

    /// <summary>Several quantiles in one walk.</summary>
    /// <param name="qs">Ascending, each from 0 to 1.</param>
    /// <param name="results">Receives one number each, <see cref="double.NaN"/> when the sketch is empty.</param>
    public void Quantiles(ReadOnlySpan<double> qs, Span<double> results)
    {
        for (var i = 0; i < qs.Length; i++)
        {
            if (!(qs[i] >= 0 && qs[i] <= 1)) throw new ArgumentOutOfRangeException(nameof(qs), qs[i], "A quantile is from 0 to 1.");
            if (i > 0 && qs[i] < qs[i - 1]) throw new ArgumentException("Quantiles are asked for in ascending order.", nameof(qs));
        }

        if (Count == 0) results[..qs.Length].Fill(double.NaN);
        else if (IsInline) InlineQuantiles(qs, results);
        else BucketQuantiles(qs, results);
    }

    private long RankOf(double q) => Math.Min((long)(q * (Count - 1)), Count - 1);

    private void InlineQuantiles(ReadOnlySpan<double> qs, Span<double> results)
    {
        Span<double> sorted = stackalloc double[InlineValues];
        var count = CopySorted(sorted);
        for (var i = 0; i < qs.Length; i++) results[i] = sorted[..count][(int)RankOf(qs[i])];
    }

    private int CopySorted(Span<double> target)
    {
        var count = (int)Count;
        ((ReadOnlySpan<double>)_inline)[..count].CopyTo(target);
        target[..count].Sort();
        return count;
    }

    private void BucketQuantiles(ReadOnlySpan<double> qs, Span<double> results)
    {
        var done = 0;
        var below = 0L;
        if (_negative is { Total: > 0 } negative)
        {
            for (var index = negative.Highest; index >= negative.Lowest && done < qs.Length; index--)
            {
                below += negative[index];
                while (done < qs.Length && RankOf(qs[done]) < below) results[done++] = -_mapping.ValueOf(index);
            }
        }

        below += _zeros;
        while (done < qs.Length && RankOf(qs[done]) < below) results[done++] = 0;
        if (_positive is not { Total: > 0 } positive) return;
        for (var index = positive.Lowest; index <= positive.Highest && done < qs.Length; index++)
        {
            below += positive[index];
            while (done < qs.Length && RankOf(qs[done]) < below) results[done++] = _mapping.ValueOf(index);
        }
    }
}
