using System.Text.Json.Serialization;

namespace Millrace.Alerting.Http;

/// <summary>Everything that is wrong with a document, field by field.</summary>
internal sealed class FieldErrors
{
    private readonly List<FieldError> _items = [];

    public IReadOnlyList<FieldError> Items => _items;

    public bool Any => _items.Count > 0;

    public void Add(string field, string code, string message)
    {
        if (_items.Count < 100) _items.Add(new FieldError(field, code, message));
    }
}

/// <summary>One bad field of a request.</summary>
/// <param name="Field">Path, such as <c>condition.threshold</c>.</param>
/// <param name="Code">From the table of error codes.</param>
/// <param name="Message">What is wrong, and what is allowed.</param>
internal sealed record FieldError(
    [property: JsonPropertyName("field")] string Field,
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("message")] string Message);
