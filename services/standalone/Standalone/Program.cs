using Millrace.Hosting;
using Millrace.Standalone;

var (arguments, error) = StandaloneArguments.Parse(HostRunner.WithoutCommand(args));
if (arguments is null)
{
    await Console.Error.WriteLineAsync($"millrace: {error}");
    return HostRunner.CannotStart;
}

return await HostRunner.RunAsync(args, () => StandaloneComposition.Build(arguments));
