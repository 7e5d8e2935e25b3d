using Millrace.RealtimeFanout;
using Millrace.RealtimeFanout.Load;
using Millrace.RealtimeFanout.Servers;

switch (args.FirstOrDefault())
{
    case FloorServer.Verb:
        FloorProgram.Run(int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    case LoadProgram.Verb:
        Console.WriteLine((await LoadProgram.RunAsync(args)).ToJson());
        return 0;
    default:
        if (Settings.Parse(args) is { } settings) return await new FanoutRun(settings).RunAsync();
        await Console.Error.WriteLineAsync(Settings.Help);
        return 2;
}
