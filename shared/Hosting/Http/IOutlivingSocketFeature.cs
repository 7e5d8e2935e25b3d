namespace Millrace.Hosting.Http;

/// <summary>A feature of connections whose socket may live on when the web server is done with them: it still counts until it is closed.</summary>
public interface IOutlivingSocketFeature
{
    /// <summary>Has something done when the socket is closed; at once if it is. Called once, when the server is done with the connection.</summary>
    /// <param name="done">What; it must be quick and not fail.</param>
    /// <returns><see langword="false"/> when the socket ends with the connection; nothing will be done then.</returns>
    bool TryOnClosed(Action done);
}
