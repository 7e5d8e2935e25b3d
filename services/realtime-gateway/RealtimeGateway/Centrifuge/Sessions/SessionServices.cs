using System.Security.Cryptography;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>What sessions need.</summary>
/// <param name="Connections">What every connection needs.</param>
/// <param name="Commands">Who does which command.</param>
/// <param name="Directory">All sessions of this instance.</param>
internal sealed record SessionServices(ConnectionServices Connections, CommandTable Commands, SessionDirectory Directory)
{
    /// <summary>Name of this instance to its clients; another after each start.</summary>
    public string Node { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
