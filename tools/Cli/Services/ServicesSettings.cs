using Microsoft.Extensions.Configuration;

namespace Millrace.Cli.Services;

/// <summary>The command line of <c>services</c>, and what it takes from the settings that it shares with the services.</summary>
/// <param name="Programs">Directory of the built programs.</param>
/// <param name="Data">Directory for what is kept on this machine: the bootstrap key.</param>
/// <param name="FirstPort">Port of the first service, the others follow; 0 for free ones.</param>
/// <param name="ApiKey">The configured bootstrap key, if there is one.</param>
/// <param name="KeyFile">Where a bootstrap key that was made is kept.</param>
internal sealed record ServicesSettings(string Programs, string Data, int FirstPort, string? ApiKey, string KeyFile)
{
    public const string Help = """
        usage: ./millrace services [options]
        Runs the five services as processes of their own, on the servers that the settings name, until Ctrl-C. One that ends is started again.
          --port N      first of five ports: ingest, aggregator, gateway, alerting, archiver; 0 for free ones   (default 8081)
          --data DIR    where the bootstrap key is kept                                                         (default ./data)
        They need at least:
          Millrace__Adapters__EventLog=kafka            Millrace__Kafka__BootstrapServers=host:9092
          Millrace__Adapters__Metadata=postgres         Millrace__Postgres__…
          Millrace__ClickHouse__Url=http://host:8123    Millrace__ClickHouse__User, …__Secret
        and for more than one machine:
          Millrace__Adapters__Notifications=rabbitmq    Millrace__RabbitMq__…
          Millrace__Adapters__Objects=s3                Millrace__S3__…
        See docs/services.md and docs/configuration.md.
        """;

    public static ServicesSettings Parse(Arguments arguments, IConfiguration configuration)
    {
        var programs = arguments.Text("programs") ?? throw new UsageException("--programs is missing; start it with ./millrace services");
        var data = Path.GetFullPath(arguments.Text("data") ?? "data");
        var port = arguments.Number("port", 8081, 0, 65531);
        arguments.RefuseUnknown();
        Require(configuration, "Adapters:EventLog", "kafka", "the embedded event log belongs to one process; five of them share a Kafka");
        Require(configuration, "Adapters:Metadata", "postgres", "the embedded database belongs to one process; five of them share a PostgreSQL");
        if (configuration["Millrace:ClickHouse:Url"] is null)
            throw new UsageException("Millrace__ClickHouse__Url is not set; name a ClickHouse server, such as http://127.0.0.1:8123");
        return new ServicesSettings(
            Path.GetFullPath(programs),
            data,
            port,
            configuration["Millrace:Bootstrap:ApiKey"],
            configuration["Millrace:Bootstrap:KeyFile"] ?? Path.Combine(data, "bootstrap-key"));
    }

    private static void Require(IConfiguration configuration, string setting, string value, string why)
    {
        if (!string.Equals(configuration["Millrace:" + setting], value, StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"Millrace__{setting.Replace(":", "__", StringComparison.Ordinal)} must be {value}: {why}. './millrace services --help' lists what is needed");
    }
}
