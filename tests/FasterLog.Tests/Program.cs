using Millrace.FasterLog.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

if (args is [Appender.Verb, .. var rest]) return await Appender.RunAsync(rest);
return args.Any(a => a is "--server" or "--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
