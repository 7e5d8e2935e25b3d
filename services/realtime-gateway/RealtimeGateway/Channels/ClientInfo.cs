namespace Millrace.RealtimeGateway.Channels;

/// <summary>A client as others in its channels see it.</summary>
/// <param name="User">Its subject.</param>
/// <param name="Client">Id of the connection.</param>
/// <param name="ConnInfo">JSON of the connection, if any.</param>
/// <param name="ChanInfo">JSON of the subscription, if any.</param>
internal sealed record ClientInfo(string User, string Client, byte[]? ConnInfo = null, byte[]? ChanInfo = null)
{
    /// <summary>Memory that it holds, about.</summary>
    public int Size => 64 + (2 * (User.Length + Client.Length)) + (ConnInfo?.Length ?? 0) + (ChanInfo?.Length ?? 0);
}
