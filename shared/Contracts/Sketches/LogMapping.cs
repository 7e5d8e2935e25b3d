namespace Millrace.Contracts.Sketches;

/// <summary>
/// Maps a positive number to the bucket whose bounds are consecutive powers of γ = (1 + α) / (1 - α): every number of a bucket is within the
/// relative error α of the bucket's value (Masson, Rim and Lee, 2019, section 2.1).
/// </summary>
internal sealed class LogMapping
{
    /// <summary>The smallest normal number; anything nearer to zero counts as zero.</summary>
    public const double Smallest = 2.2250738585072014E-308;

    private static readonly LogMapping _default = new(DDSketch.DefaultRelativeError);

    private readonly double _logGamma;
    private readonly double _multiplier;
    private readonly double _center;

    private LogMapping(double relativeError)
    {
        RelativeError = relativeError;
        var gamma = (1 + relativeError) / (1 - relativeError);
        _logGamma = Math.Log(gamma);
        _multiplier = 1 / _logGamma;
        _center = Math.Log(2 / (1 + gamma));
    }

    public double RelativeError { get; }

    public int LowestIndex => IndexOf(Smallest);

    public int HighestIndex => IndexOf(double.MaxValue);

    public static LogMapping For(double relativeError) => relativeError == _default.RelativeError ? _default : new LogMapping(relativeError);

    /// <summary>Bucket of a number of at least <see cref="Smallest"/>: ⌈log_γ x⌉.</summary>
    public int IndexOf(double value) => (int)Math.Ceiling(Math.Log(value) * _multiplier);

    /// <summary>2 γ^i / (γ + 1), the number that is within α of the whole bucket.</summary>
    public double ValueOf(int index) => Math.Min(Math.Exp((index * _logGamma) + _center), double.MaxValue);
}
