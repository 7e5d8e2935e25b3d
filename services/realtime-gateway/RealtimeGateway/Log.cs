using Microsoft.Extensions.Logging;

namespace Millrace.RealtimeGateway;

/// <summary>Log messages of this project: event ids 4000 to 4999.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "Reading {Topic} (epoch {Epoch}) from {Starts}.")]
    public static partial void Reading(ILogger logger, string topic, string epoch, string starts);

    [LoggerMessage(4001, LogLevel.Information, "{Topic} has been read to its end.")]
    public static partial void CaughtUp(ILogger logger, string topic);

    [LoggerMessage(4002, LogLevel.Warning, "{Topic} was made anew (epoch {Epoch}): subscribers are sent back for a snapshot.")]
    public static partial void EpochChanged(ILogger logger, string topic, string epoch);

    [LoggerMessage(4003, LogLevel.Warning, "A record of {Topic} at {Partition}:{Offset} cannot be read and is passed over.")]
    public static partial void Malformed(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(4004, LogLevel.Information, "{Windows} windows of before the start are back.")]
    public static partial void WindowsBack(ILogger logger, long windows);

    [LoggerMessage(4010, LogLevel.Debug, "{Transport} connection of {Subject} ({Tenant}) opened.")]
    public static partial void Opened(ILogger logger, string transport, string subject, string tenant);

    [LoggerMessage(4011, LogLevel.Debug, "{Transport} connection ended with {Code} {Reason}.")]
    public static partial void Ended(ILogger logger, string transport, int code, string reason);

    [LoggerMessage(4012, LogLevel.Error, "A {Transport} connection failed in here and is closed.")]
    public static partial void ConnectionFailed(ILogger logger, string transport, Exception exception);

    [LoggerMessage(4013, LogLevel.Warning, "The look back for {Channel} gave up: {Reason}. It starts without the past.")]
    public static partial void LookBackGaveUp(ILogger logger, string channel, string reason);

    [LoggerMessage(4014, LogLevel.Warning, "The API key of a {Transport} connection cannot be checked at the moment.")]
    public static partial void KeyCheckFailed(ILogger logger, string transport, Exception exception);

    [LoggerMessage(4015, LogLevel.Debug, "A client of {Channel} that goes on from {Offset} is shown a snapshot: {Reason}.")]
    public static partial void NotRecovered(ILogger logger, string channel, long offset, string reason);

    [LoggerMessage(4016, LogLevel.Error, "The delivery loop failed at {Work}; it goes on.")]
    public static partial void WorkFailed(ILogger logger, string work, Exception exception);

    [LoggerMessage(4072, LogLevel.Information, "The other gateways could not be told that this one ends, its clients stay present until its lease runs out: {Reason}")]
    public static partial void NoFarewell(ILogger logger, string reason);

    [LoggerMessage(4073, LogLevel.Warning, "An order to a connection ({Order}) could not be obeyed.")]
    public static partial void OrderFailed(ILogger logger, string order, Exception exception);

    [LoggerMessage(4071, LogLevel.Warning, "Publications of {Channels} channels are kept: those of further ones that nobody listens to are not, and are read from the log when asked for.")]
    public static partial void ManyChannels(ILogger logger, int channels);

    [LoggerMessage(4017, LogLevel.Warning, "{Method} of a client could not be passed on to {Address}.")]
    public static partial void CallFailed(ILogger logger, string method, Uri address, Exception exception);

    [LoggerMessage(4020, LogLevel.Warning, "{Channel} has {Rate} events a second, more than its limit: the feed carries {Step}.")]
    public static partial void Sampling(ILogger logger, string channel, int rate, string step);

    [LoggerMessage(4030, LogLevel.Information, "Draining {Connections} connections.")]
    public static partial void Draining(ILogger logger, int connections);

    [LoggerMessage(4031, LogLevel.Warning, "{Connections} connections did not end within {Seconds} s and are cut.")]
    public static partial void DrainCut(ILogger logger, int connections, double seconds);

    [LoggerMessage(4040, LogLevel.Information, "The dashboard is served from {Directory}.")]
    public static partial void Dashboard(ILogger logger, string directory);

    [LoggerMessage(4041, LogLevel.Information, "The dashboard has not been built: looked for {Directories}.")]
    public static partial void NoDashboard(ILogger logger, string directories);

    [LoggerMessage(4050, LogLevel.Warning, "A request could not be forwarded to the {Service} service at {Address}: {Error}.")]
    public static partial void ForwardingFailed(ILogger logger, string service, string address, Yarp.ReverseProxy.Forwarder.ForwarderError error, Exception? exception);

    [LoggerMessage(4070, LogLevel.Warning, "The server API could not do a {Method}: {Reason}.")]
    public static partial void ServerApiFailed(ILogger logger, string method, string reason);

    [LoggerMessage(4060, LogLevel.Warning, "The incidents can't be read; what they say of the aggregator is told later.")]
    public static partial void IncidentsUnread(ILogger logger, Exception exception);
}
