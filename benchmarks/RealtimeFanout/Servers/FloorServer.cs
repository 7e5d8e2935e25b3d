using System.Diagnostics;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>What cannot be undercut without joining messages: one system call for each delivery of a frame that was made before, and nothing else.</summary>
internal sealed class FloorServer : ServerProcess
{
    public const string Verb = "floor";

    protected override ProcessStartInfo Command() => new("dotnet", [typeof(FloorServer).Assembly.Location, Verb, $"{Port}"]);
}
