using Millrace.Benchmarks.Overload;

if (NoisySender.IsMeant(args))
{
    await NoisySender.SendAsync(args);
    return 0;
}

if (Settings.Parse(args) is not { } settings)
{
    Console.Error.WriteLine(Settings.Help);
    return 2;
}

var processors = new Processors(settings.Divided);
await using var millrace = await Installation.StartAsync(settings.Program, processors);
await processors.MoveHereAsync();
var run = new OverloadRun(settings, millrace, processors);
var figures = await run.RunAsync();
if (settings.Json is { } file) await File.WriteAllTextAsync(file, figures.ToJsonString(new() { WriteIndented = true }));
return (bool)figures["exact"]! && (long)figures["quiet_refused"]! == 0 ? 0 : 1;
