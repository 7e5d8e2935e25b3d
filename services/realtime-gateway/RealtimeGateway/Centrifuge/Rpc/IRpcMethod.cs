using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Rpc;

/// <summary>A method of <c>rpc</c>. A further one is a class of this and its line in the module.</summary>
internal interface IRpcMethod
{
    /// <summary>What clients call it.</summary>
    string Name { get; }

    /// <summary>Does it.</summary>
    /// <param name="session">Who asks.</param>
    /// <param name="data">The document of the call, as JSON.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<RpcResult> CallAsync(Session session, byte[] data, CancellationToken cancellationToken);
}

/// <summary>What came of a call: a document, or an error.</summary>
/// <param name="Data">The document, as JSON.</param>
/// <param name="Error">The error.</param>
internal readonly record struct RpcResult(byte[] Data, ClientError? Error)
{
    public static implicit operator RpcResult(ClientError error) => new([], error);

    public static implicit operator RpcResult(byte[] data) => new(data, null);
}
