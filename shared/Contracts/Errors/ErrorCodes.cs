namespace Millrace.Contracts.Errors;

/// <summary>The table of all errors that clients can see.</summary>
public static class ErrorCodes
{
    // Requests
    /// <summary>No event of the request was accepted.</summary>
    public static readonly ErrorCode NothingAccepted = new("nothing_accepted", 400, false, "No event of the request was accepted");

    /// <summary>A parameter is missing or malformed.</summary>
    public static readonly ErrorCode BadRequest = new("bad_request", 400, false, "The request is malformed");

    /// <summary>The body is empty.</summary>
    public static readonly ErrorCode EmptyBody = new("empty_body", 400, false, "The body is empty");

    /// <summary>No credential.</summary>
    public static readonly ErrorCode MissingCredential = new("missing_credential", 401, false, "A credential is required");

    /// <summary>The credential is wrong, revoked or expired.</summary>
    public static readonly ErrorCode InvalidCredential = new("invalid_credential", 401, false, "The credential is not valid");

    /// <summary>The credential lacks a scope.</summary>
    public static readonly ErrorCode Forbidden = new("forbidden", 403, false, "The credential does not allow this");

    /// <summary>No such thing, or not this tenant's.</summary>
    public static readonly ErrorCode NotFound = new("not_found", 404, false, "Not found");

    /// <summary>The path exists, but not for this method.</summary>
    public static readonly ErrorCode MethodNotAllowed = new("method_not_allowed", 405, false, "The method is not allowed here");

    /// <summary>The thing changed or exists already.</summary>
    public static readonly ErrorCode Conflict = new("conflict", 409, false, "Conflict with the current state");

    /// <summary>The thing is no longer what <c>If-Match</c> says.</summary>
    public static readonly ErrorCode PreconditionFailed = new("precondition_failed", 412, false, "The precondition does not hold");

    /// <summary>The body, an event or the batch is too large.</summary>
    public static readonly ErrorCode TooLarge = new("too_large", 413, false, "The request is too large");

    /// <summary>Content type or encoding is not supported.</summary>
    public static readonly ErrorCode UnsupportedMediaType = new("unsupported_media_type", 415, false, "The content type is not supported");

    /// <summary>The tenant's quota is used up.</summary>
    public static readonly ErrorCode QuotaExceeded = new("quota_exceeded", 429, true, "The tenant's quota is used up");

    /// <summary>This service is overloaded.</summary>
    public static readonly ErrorCode Overloaded = new("overloaded", 503, true, "The service is overloaded");

    /// <summary>Something this service depends on can't be reached.</summary>
    public static readonly ErrorCode Unavailable = new("unavailable", 503, true, "A dependency is not available");

    /// <summary>A bug of ours.</summary>
    public static readonly ErrorCode Internal = new("internal", 500, true, "Internal error");

    // Queries
    /// <summary>ClickHouse refused a statement for what it says; its text is in the detail.</summary>
    public static readonly ErrorCode QueryFailed = new("query_failed", 400, false, "The query is wrong");

    /// <summary>A statement does what a tenant may not do.</summary>
    public static readonly ErrorCode QueryRefused = new("query_refused", 403, false, "The query is not allowed");

    /// <summary>A query needs more memory, rows or bytes than it may have.</summary>
    public static readonly ErrorCode QueryTooLarge = new("query_too_large", 413, false, "The query or its result is too large");

    /// <summary>The tenant has as many queries running as it may have.</summary>
    public static readonly ErrorCode TooManyQueries = new("too_many_queries", 429, true, "Too many queries at a time");

    /// <summary>A query ran longer than it may.</summary>
    public static readonly ErrorCode QueryTimeout = new("query_timeout", 504, false, "The query took too long");

    // Events
    /// <summary>Not JSON.</summary>
    public static readonly ErrorCode InvalidJson = new("invalid_json", 400, false, "Not valid JSON");

    /// <summary>Not Protobuf.</summary>
    public static readonly ErrorCode InvalidProtobuf = new("invalid_protobuf", 400, false, "Not a valid Protobuf message");

    /// <summary>Not UTF-8.</summary>
    public static readonly ErrorCode InvalidUtf8 = new("invalid_utf8", 400, false, "Not valid UTF-8");

    /// <summary>JSON nested too deeply.</summary>
    public static readonly ErrorCode TooDeep = new("too_deep", 400, false, "JSON is nested too deeply");

    /// <summary>A field stands twice.</summary>
    public static readonly ErrorCode DuplicateField = new("duplicate_field", 400, false, "A field stands twice");

    /// <summary>A field has the wrong JSON type.</summary>
    public static readonly ErrorCode WrongType = new("wrong_type", 400, false, "A field has the wrong type");

    /// <summary>A required field is missing.</summary>
    public static readonly ErrorCode MissingField = new("missing_field", 400, false, "A required field is missing");

    /// <summary>A name breaks its pattern.</summary>
    public static readonly ErrorCode InvalidName = new("invalid_name", 400, false, "A name is not allowed");

    /// <summary>A text is too long.</summary>
    public static readonly ErrorCode TooLong = new("too_long", 400, false, "A text is too long");

    /// <summary>Too many dims or values.</summary>
    public static readonly ErrorCode TooMany = new("too_many", 400, false, "Too many entries");

    /// <summary>A number is NaN, infinite or out of range.</summary>
    public static readonly ErrorCode NotFinite = new("value_not_finite", 400, false, "A number is not finite");

    /// <summary>Not a time.</summary>
    public static readonly ErrorCode InvalidTime = new("invalid_time", 400, false, "Not a time");

    /// <summary>Before the accepted span.</summary>
    public static readonly ErrorCode TooOld = new("time_too_old", 400, false, "The time is too far in the past");

    /// <summary>After the accepted span.</summary>
    public static readonly ErrorCode InFuture = new("time_in_future", 400, false, "The time is too far in the future");

    /// <summary>Not a place on Earth.</summary>
    public static readonly ErrorCode InvalidGeo = new("invalid_geo", 400, false, "Not a valid position");

    /// <summary>A field that the format does not know.</summary>
    public static readonly ErrorCode UnknownField = new("unknown_field", 400, false, "An unknown field");

    /// <summary>A CloudEvents attribute is missing or malformed.</summary>
    public static readonly ErrorCode InvalidCloudEvent = new("invalid_cloudevent", 400, false, "Not a valid CloudEvent");
}
