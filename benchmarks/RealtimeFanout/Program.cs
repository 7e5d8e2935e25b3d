using Millrace.RealtimeFanout;

// Fan-out of the gateway: CPU seconds of the server process for each million deliveries.
//   taskset -c 0 dotnet Millrace.RealtimeFanout.dll serve --port 8099 --channels 1 --rate 50 --burst 1
//   taskset -c 1 dotnet Millrace.RealtimeFanout.dll load  --port 8099 --channels 1 --sockets 1000 --seconds 20
// "serve-floor" instead of "serve" does nothing but send. "rate" is bursts a second on each channel, "burst" how many windows are put onto the log at once.
var options = Arguments.Parse(args.Skip(1));
switch (args.FirstOrDefault())
{
    case "serve":
        await Server.RunAsync(options);
        return 0;
    case "serve-floor":
        await Floor.RunAsync(options);
        return 0;
    case "load":
        await Load.RunAsync(options);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: serve|serve-floor|load [--port N] [--channels N] [--rate N] [--burst N] [--sockets N] [--seconds N]");
        return 2;
}
