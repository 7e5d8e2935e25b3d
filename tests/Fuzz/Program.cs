using Millrace.Fuzz.Engine;

try
{
    return new FuzzCommand(FuzzSettings.Parse(args), Console.Out).Run();
}
catch (UsageException error)
{
    Console.Error.WriteLine($"millrace: {error.Message}");
    return 2;
}
