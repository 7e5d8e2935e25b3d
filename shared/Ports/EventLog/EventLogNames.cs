namespace Millrace.Ports.EventLog;

/// <summary>Keys under which further event logs are registered beside the one that all services share.</summary>
public static class EventLogNames
{
    /// <summary>The log that producers outside Millrace write to; registered as a keyed service only where one is configured.</summary>
    public const string Inbound = "inbound";
}
