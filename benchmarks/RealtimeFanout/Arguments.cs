using System.Globalization;

namespace Millrace.RealtimeFanout;

/// <summary>What a run is made of.</summary>
internal sealed class Arguments
{
    public const string Tenant = "bench";
    public const string ApiKey = "api-key-of-the-fan-out-benchmark";

    public int Port { get; private set; } = 8099;

    public int Channels { get; private set; } = 1;

    /// <summary>Bursts a second on each channel.</summary>
    public double Rate { get; private set; } = 50;

    /// <summary>Windows put onto the log at once.</summary>
    public int Burst { get; private set; } = 1;

    public int Sockets { get; private set; } = 1000;

    public int Seconds { get; private set; } = 20;

    public static Arguments Parse(IEnumerable<string> arguments)
    {
        var result = new Arguments();
        var list = arguments.ToArray();
        for (var i = 0; i + 1 < list.Length; i += 2)
        {
            var number = double.Parse(list[i + 1], CultureInfo.InvariantCulture);
            switch (list[i])
            {
                case "--port": result.Port = (int)number; break;
                case "--channels": result.Channels = (int)number; break;
                case "--rate": result.Rate = number; break;
                case "--burst": result.Burst = (int)number; break;
                case "--sockets": result.Sockets = (int)number; break;
                case "--seconds": result.Seconds = (int)number; break;
                default: throw new ArgumentException($"{list[i]} is not an option.", nameof(arguments));
            }
        }

        return result;
    }
}
