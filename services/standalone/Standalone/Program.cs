using Millrace.Hosting;
using Millrace.Standalone;

var (arguments, error) = StandaloneArguments.Parse(args);
if (arguments is null)
{
    await Console.Error.WriteLineAsync($"millrace: {error}");
    return HostRunner.CannotStart;
}

return await HostRunner.RunAsync(() => StandaloneComposition.Build(arguments));
