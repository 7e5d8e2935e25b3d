using System.Runtime.CompilerServices;

namespace Millrace.Contracts.Sketches;

/// <summary>
/// Quantiles of a stream of numbers with a guaranteed relative error, in little memory, mergeable without loss: the sketch of all numbers equals
/// the merge of the sketches of any parts, whatever the order. After C. Masson, J. E. Rim and H. K. Lee, "DDSketch: A fast and fully-mergeable
/// quantile sketch with relative-error guarantees", PVLDB 12(12), 2019. Not thread-safe.
/// </summary>
/// <remarks>
/// Up to <see cref="InlineValues"/> numbers are kept as they are, so their quantiles are exact. Beyond that each number is counted in a bucket of
/// its sign's store. A store has at most <see cref="MaxBuckets"/> buckets; when a range needs more, the buckets of smallest magnitude collapse, and
/// numbers in them lose the guarantee (2,048 buckets at 1 % span 17 orders of magnitude). Numbers nearer to zero than 2.2e-308 count as zero.
/// </remarks>
public sealed partial class DDSketch
{
    /// <summary>Default relative error: 1 %.</summary>
    public const double DefaultRelativeError = 0.01;

    /// <summary>Default bound of buckets a sign.</summary>
    public const int DefaultMaxBuckets = 2048;

    /// <summary>How many numbers are kept as they are.</summary>
    public const int InlineValues = 16;

    /// <summary>Smallest relative error that may be asked for.</summary>
    public const double MinRelativeError = 0.0001;

    /// <summary>Largest relative error that may be asked for.</summary>
    public const double MaxRelativeError = 0.5;

    private readonly LogMapping _mapping;
    private Inline _inline;
    private BucketStore? _positive;
    private BucketStore? _negative;
    private long _zeros;

    /// <summary>Creates an empty sketch.</summary>
    /// <param name="relativeError">α: a quantile x is answered with a number in [x(1-α), x(1+α)]. From 0.0001 to 0.5.</param>
    /// <param name="maxBuckets">Bound of buckets a sign, from 64 to 65,536.</param>
    public DDSketch(double relativeError = DefaultRelativeError, int maxBuckets = DefaultMaxBuckets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(relativeError, MinRelativeError);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(relativeError, MaxRelativeError);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBuckets, 64);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxBuckets, 65_536);
        _mapping = LogMapping.For(relativeError);
        MaxBuckets = maxBuckets;
    }

    /// <summary>The guaranteed relative error α.</summary>
    public double RelativeError => _mapping.RelativeError;

    /// <summary>Bound of buckets a sign.</summary>
    public int MaxBuckets { get; }

    /// <summary>How many numbers were inserted.</summary>
    public long Count { get; private set; }

    private bool IsInline => Count <= InlineValues;

    /// <summary>Whether <see cref="Merge"/> accepts a sketch: same relative error, same bound.</summary>
    public bool CanMerge(DDSketch other) =>
        other.MaxBuckets == MaxBuckets && (ReferenceEquals(other._mapping, _mapping) || other.RelativeError == RelativeError);

    /// <summary>Inserts a number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not finite.</exception>
    public void Insert(double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentOutOfRangeException(nameof(value), value, "A sketch holds finite numbers only.");
        if (Count < InlineValues)
        {
            // Adding zero turns -0 into 0, so that equal contents have one form.
            _inline[(int)Count++] = value + 0.0;
            return;
        }

        if (Count == InlineValues) Spill();
        Count++;
        Bucket(value);
    }

    /// <summary>Adds everything that another sketch holds; the other stays as it is.</summary>
    /// <exception cref="ArgumentException"><see cref="CanMerge"/> says no.</exception>
    public void Merge(DDSketch other)
    {
        if (!CanMerge(other)) throw new ArgumentException("Sketches of different accuracy do not merge.", nameof(other));
        if (other.IsInline)
        {
            // The count is taken first: other may be this very sketch.
            var values = other._inline;
            var count = (int)other.Count;
            for (var i = 0; i < count; i++) Insert(values[i]);
            return;
        }

        if (IsInline) Spill();
        Count += other.Count;
        _zeros += other._zeros;
        if (other._positive is { } positive) Positive.Merge(positive);
        if (other._negative is { } negative) Negative.Merge(negative);
    }

    /// <summary>Empties the sketch for reuse and gives pooled memory back.</summary>
    public void Clear()
    {
        Count = 0;
        _zeros = 0;
        _positive?.Clear();
        _negative?.Clear();
    }

    private BucketStore Positive => _positive ??= new BucketStore(MaxBuckets);

    private BucketStore Negative => _negative ??= new BucketStore(MaxBuckets);

    private void Spill()
    {
        for (var i = 0; i < (int)Count; i++) Bucket(_inline[i]);
    }

    private void Bucket(double value)
    {
        if (value >= LogMapping.Smallest) Positive.Add(_mapping.IndexOf(value));
        else if (value <= -LogMapping.Smallest) Negative.Add(_mapping.IndexOf(-value));
        else _zeros++;
    }

    [InlineArray(InlineValues)]
    private struct Inline
    {
        private double _first;
    }
}
