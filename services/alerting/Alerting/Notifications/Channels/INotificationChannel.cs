using System.Text.Json.Nodes;
using Millrace.Alerting.Http;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting.Notifications;

/// <summary>
/// A way to reach people. Every class of this assembly that implements it is registered by itself: a new channel is one file in this folder.
/// Safe from any thread.
/// </summary>
internal interface INotificationChannel
{
    /// <summary>The receiver's <c>kind</c>, lower case.</summary>
    string Kind { get; }

    /// <summary>
    /// Reads and checks a receiver's own fields and answers with what to keep: reports every bad field in <see cref="JsonFields.Errors"/>.
    /// </summary>
    /// <param name="fields">The receiver as it was sent; unknown fields are reported by the caller.</param>
    /// <param name="current">What is kept now, when a receiver is changed: a secret that is not sent again stays.</param>
    /// <returns>The settings, or <see langword="null"/> when an error was reported.</returns>
    JsonObject? ReadSettings(JsonFields fields, JsonObject? current);

    /// <summary>Adds what may be shown of the settings to the receiver as the API shows it. Never a secret that somebody gave us.</summary>
    /// <param name="settings">What is kept.</param>
    /// <param name="receiver">Gets the fields.</param>
    /// <param name="created">This answers the receiver's creation: the one time at which a secret that was made here is shown.</param>
    void Show(JsonObject settings, JsonObject receiver, bool created);

    /// <summary>Tries to deliver once. Failures that have to do with the receiver are outcomes, not exceptions.</summary>
    Task<DeliveryOutcome> SendAsync(JsonObject settings, Notification notification, CancellationToken cancellationToken);
}

/// <summary>What a channel delivers.</summary>
/// <param name="Id">The same at each attempt.</param>
/// <param name="Message">A <see cref="NotificationMessage"/> as JSON.</param>
internal sealed record Notification(string Id, string Message);
