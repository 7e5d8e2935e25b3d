namespace Millrace.RealtimeGateway.Centrifuge.Commands;

/// <summary>Methods as they are called in JSON and in the metrics, and their numbers in Protobuf.</summary>
internal static class CommandNames
{
    private static readonly (CommandMethod Method, string Name, int Number)[] Table =
    [
        (CommandMethod.Connect, "connect", 4),
        (CommandMethod.Subscribe, "subscribe", 5),
        (CommandMethod.Unsubscribe, "unsubscribe", 6),
        (CommandMethod.Publish, "publish", 7),
        (CommandMethod.Presence, "presence", 8),
        (CommandMethod.PresenceStats, "presence_stats", 9),
        (CommandMethod.History, "history", 10),
        (CommandMethod.Ping, "ping", 11),
        (CommandMethod.Send, "send", 12),
        (CommandMethod.Rpc, "rpc", 13),
        (CommandMethod.Refresh, "refresh", 14),
        (CommandMethod.SubRefresh, "sub_refresh", 15),
    ];

    /// <summary>Methods and their names.</summary>
    public static IEnumerable<(CommandMethod Method, string Name)> All => Table.Select(t => (t.Method, t.Name));

    public static string Of(CommandMethod method) => method == CommandMethod.Pong ? "pong" : Table[(int)method - 1].Name;

    /// <summary>The method behind a field of the Protobuf message; <see cref="CommandMethod.Pong"/> for none.</summary>
    public static CommandMethod FromNumber(int number) => number is >= 4 and <= 15 ? Table[number - 4].Method : CommandMethod.Pong;
}
