namespace Millrace.Aggregator.Tests.Sketches;

/// <summary>Seeded number sources of very different shapes.</summary>
internal static class Distributions
{
    public static readonly string[] Names =
        ["uniform", "normal", "exponential", "pareto", "lognormal", "bimodal", "constant", "integers", "negative", "mixed-signs", "with-zeros", "tiny", "huge"];

    public static double[] Take(string name, int count, int seed)
    {
        var random = new Random(seed);
        var numbers = new double[count];
        for (var i = 0; i < count; i++) numbers[i] = Next(name, random);
        return numbers;
    }

    private static double Next(string name, Random random) => name switch
    {
        "uniform" => random.NextDouble() * 1000,
        "normal" => 500 + (Gauss(random) * 50),
        "exponential" => -Math.Log(1 - random.NextDouble()) * 20,
        "pareto" => Math.Pow(1 - random.NextDouble(), -1),
        "lognormal" => Math.Exp(Gauss(random) * 2),
        "bimodal" => random.Next(2) == 0 ? 1 + random.NextDouble() : 1e6 * (1 + random.NextDouble()),
        "constant" => 42.5,
        "integers" => random.Next(1, 100),
        "negative" => -Math.Exp(Gauss(random)),
        "mixed-signs" => Gauss(random) * 100,
        "with-zeros" => random.Next(3) == 0 ? 0 : Gauss(random),
        "tiny" => 1e-300 * random.NextDouble(),
        "huge" => 1e300 * (1 + random.NextDouble()),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
