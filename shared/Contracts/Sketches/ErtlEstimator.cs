namespace Millrace.Contracts.Sketches;

/// <summary>The improved raw estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, section 3.</summary>
internal static class ErtlEstimator
{
    // α∞ = 1 / (2 ln 2)
    private const double AlphaInfinity = 0.72134752044448170367;

    /// <summary>The estimate from the multiplicities of register values 0 … q + 1.</summary>
    public static double Estimate(ReadOnlySpan<int> multiplicities)
    {
        var q = multiplicities.Length - 2;
        var registers = 0L;
        foreach (var multiplicity in multiplicities) registers += multiplicity;
        double m = registers;
        var z = m * Tau(1 - (multiplicities[q + 1] / m));
        for (var k = q; k >= 1; k--) z = 0.5 * (z + multiplicities[k]);
        z += m * Sigma(multiplicities[0] / m);
        return AlphaInfinity * m * m / z;
    }

    // σ(x) = x + Σ x^(2^k) 2^(k-1), k ≥ 1: the contribution of the registers that are still zero.
    private static double Sigma(double x)
    {
        if (x == 1) return double.PositiveInfinity;
        double y = 1, z = x, previous;
        do
        {
            x *= x;
            previous = z;
            z += x * y;
            y += y;
        }
        while (z != previous);
        return z;
    }

    // τ(x) = (1 - x - Σ (1 - x^(2^-k))^2 2^-k) / 3, k ≥ 1: the contribution of the registers that are full.
    private static double Tau(double x)
    {
        if (x is 0 or 1) return 0;
        double y = 1, z = 1 - x, previous;
        do
        {
            x = Math.Sqrt(x);
            previous = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
        }
        while (z != previous);
        return z / 3;
    }
}
