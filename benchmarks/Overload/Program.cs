using Millrace.Benchmarks.Overload;

if (Settings.Parse(args) is not { } settings)
{
    Console.Error.WriteLine(Settings.Help);
    return 2;
}

await using var millrace = await Installation.StartAsync(settings.Program);
var run = new OverloadRun(settings, millrace);
var figures = await run.RunAsync();
if (settings.Json is { } file) await File.WriteAllTextAsync(file, figures.ToJsonString(new() { WriteIndented = true }));
return (bool)figures["exact"]! && (long)figures["quiet_refused"]! == 0 ? 0 : 1;
