namespace Millrace.Standalone.Demo;

/// <summary>A place from which the simulated shop's customers come.</summary>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Name">City.</param>
/// <param name="Lat">Degrees.</param>
/// <param name="Lon">Degrees.</param>
/// <param name="UtcOffsetHours">For the daily rhythm.</param>
/// <param name="Weight">Share of the visitors.</param>
internal sealed record DemoCity(string Country, string Name, double Lat, double Lon, int UtcOffsetHours, double Weight)
{
    public static readonly DemoCity[] All =
    [
        new("DE", "Berlin", 52.520, 13.405, 1, 16), new("FR", "Paris", 48.857, 2.352, 1, 12), new("GB", "London", 51.507, -0.128, 0, 14),
        new("US", "New York", 40.713, -74.006, -5, 18), new("US", "San Francisco", 37.775, -122.419, -8, 9),
        new("BR", "São Paulo", -23.551, -46.633, -3, 6), new("JP", "Tokyo", 35.690, 139.692, 9, 8), new("IN", "Bengaluru", 12.972, 77.594, 5, 7),
        new("AU", "Sydney", -33.868, 151.209, 10, 4), new("ES", "Madrid", 40.417, -3.703, 1, 6),
    ];
}
