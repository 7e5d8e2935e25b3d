using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Hosting.Authentication;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Inbound;

/// <summary>Settings under <c>Millrace:Ingest:Inbound</c>: topics on which programs outside Millrace produce events.</summary>
public sealed class InboundOptions
{
    /// <summary>The topics. Default none: nothing is read.</summary>
    [ValidateEnumeratedItems]
    public IList<InboundTopicOptions> Topics { get; } = [];

    /// <summary>Consumer group; all instances of the ingest service share it. Default <c>millrace-ingest</c>.</summary>
    [Required, StringLength(200)]
    public string Group { get; set; } = "millrace-ingest";
}

/// <summary>A topic on which programs outside Millrace produce events, and whose they are.</summary>
public sealed class InboundTopicOptions
{
    /// <summary>Name of the topic. Default <c>millrace.inbound</c>.</summary>
    [Required, StringLength(249)]
    public string Name { get; set; } = Topics.Inbound;

    /// <summary>
    /// The tenant of everything on the topic, whatever a record says. With <see cref="TokenHeader"/>: the tenant whose dead letters take the
    /// records without a good token. Required.
    /// </summary>
    [Required]
    public string Tenant { get; set; } = "";

    /// <summary>The stream of events that name none. Default none: such events are rejected.</summary>
    public string? Stream { get; set; }

    /// <summary>
    /// Name of a header that carries a JSON Web Token with scope <c>ingest</c>, good at the time it is read; its claim <c>tenant</c> is then the
    /// tenant of the record. An API key is not accepted there, since a topic keeps what it is given. Default none.
    /// </summary>
    public string? TokenHeader { get; set; }
}

/// <summary>Rules of <see cref="InboundOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class InboundOptionsValidator : IValidateOptions<InboundOptions>;

/// <summary>Rules that no annotation expresses.</summary>
internal sealed class InboundRules : IValidateOptions<IngestOptions>
{
    public ValidateOptionsResult Validate(string? name, IngestOptions options)
    {
        var failures = options.Inbound.Topics.SelectMany(Failures).ToList();
        failures.AddRange(options.Inbound.Topics.GroupBy(topic => topic.Name, StringComparer.Ordinal).Where(group => group.Count() > 1)
            .Select(group => $"Inbound:Topics: '{group.Key}' stands twice."));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Failures(InboundTopicOptions topic)
    {
        if (!TenantName.IsValid(topic.Tenant))
            yield return $"Inbound:Topics: the tenant of '{topic.Name}' is '{topic.Tenant}', which is no tenant's name: {TenantName.Rule}";
        if (topic.Stream is { } stream && !EventDraft.IsStream(Encoding.UTF8.GetBytes(stream)))
            yield return $"Inbound:Topics: the stream of '{topic.Name}' is '{stream}': 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit.";
        if (topic.Name is Topics.Events or Topics.DeadLetter or Topics.Windows or Topics.Late or Topics.Alerts or Topics.Publications)
            yield return $"Inbound:Topics: '{topic.Name}' is a topic of Millrace's own. Producers need one of theirs, such as {Topics.Inbound}.";
    }
}
