namespace Millrace.Cli.Flood;

/// <summary>Options of <c>flood</c>.</summary>
internal sealed record FloodSettings(Uri Url, int Connections, int AtOnce)
{
    public const string Help = """
        Opens connections to a Millrace until there is no room, and on past that, and reports how each was answered. Connections that are served
        stay open to the end. Meant for a Millrace on this machine with a small limit, such as Millrace__Http__MaxConnections=2000.

        usage: ./millrace flood [options]

          --url URL             address of the running Millrace   (default http://127.0.0.1:8080)
          --connections N       connections to open in all        (default 50000)
          --at-once N           opened at the same time           (default 200)

        Against a loopback address the connections come from many loopback addresses, so that ports don't run out. Each served connection takes a
        file handle here and there: see 'ulimit -n'.
        """;

    public static FloodSettings Parse(Arguments arguments)
    {
        var url = arguments.Text("url") ?? "http://127.0.0.1:8080";
        var settings = new FloodSettings(
            Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == "http" ? address : throw new UsageException($"--url takes an http URL, not '{url}'"),
            arguments.Number("connections", 50_000, 1, 10_000_000),
            arguments.Number("at-once", 200, 1, 10_000));
        arguments.RefuseUnknown();
        return settings;
    }
}
