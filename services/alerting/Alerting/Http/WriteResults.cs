using Microsoft.AspNetCore.Http;
using Millrace.Alerting.Storage;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;

namespace Millrace.Alerting.Http;

/// <summary>Refusals of writes, in words.</summary>
internal static class WriteResults
{
    /// <param name="status">Anything but written.</param>
    /// <param name="what">What was to be written: <c>rule</c> or <c>receiver</c>.</param>
    /// <param name="id">Its id.</param>
    /// <param name="references">What stands in the way.</param>
    /// <param name="conditional">Whether the revision was expected by <c>If-Match</c>.</param>
    public static IResult Refusal(WriteStatus status, string what, string id, IReadOnlyList<string>? references = null, bool conditional = false) => status switch
    {
        WriteStatus.Missing => NotFound(what, id),
        WriteStatus.Exists => Problems.Result(ErrorCodes.Conflict, $"There is a {what} '{id}' already; PUT changes it."),
        WriteStatus.WrongRevision => Problems.Result(
            conditional ? ErrorCodes.PreconditionFailed : ErrorCodes.Conflict,
            $"The {what} '{id}' has changed meanwhile: get it again and make your change on what it is now."),
        WriteStatus.TooMany => Problems.Result(ErrorCodes.Conflict, $"The tenant has as many {what}s as it may have; delete one first."),
        WriteStatus.BadReference when what == "rule" => Problems.Result(
            ErrorCodes.BadRequest,
            "The document has bad fields: receivers: There is no receiver " + string.Join(", ", references ?? []) + ".",
            ("errors", new[] { new FieldError("receivers", ErrorCodes.NotFound.Code, "There is no receiver " + string.Join(", ", references ?? []) + ".") })),
        WriteStatus.BadReference => Problems.Result(
            ErrorCodes.Conflict, $"The {what} '{id}' is used by the rules {string.Join(", ", references ?? [])}.", ("rules", references)),
        _ => throw new InvalidOperationException($"The {what} '{id}' was written."),
    };

    public static IResult NotFound(string what, string id) => Problems.Result(ErrorCodes.NotFound, $"There is no {what} '{id}'.");
}
