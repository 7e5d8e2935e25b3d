using Microsoft.AspNetCore.Http;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>An error in an answer of the server API, as Centrifugo numbers them.</summary>
/// <param name="Code">The number.</param>
/// <param name="Message">For people.</param>
/// <param name="Status">HTTP status where the caller asked for errors as such.</param>
internal sealed record ApiError(int Code, string Message, int Status)
{
    /// <summary>Our fault; try again.</summary>
    public static readonly ApiError Internal = new(100, "internal server error", StatusCodes.Status500InternalServerError);

    /// <summary>There is no such channel.</summary>
    public static readonly ApiError UnknownChannel = new(102, "unknown channel", StatusCodes.Status404NotFound);

    /// <summary>The credential does not allow it.</summary>
    public static readonly ApiError PermissionDenied = new(103, "permission denied", StatusCodes.Status403Forbidden);

    /// <summary>There is no such method.</summary>
    public static readonly ApiError MethodNotFound = new(104, "method not found", StatusCodes.Status404NotFound);

    /// <summary>Malformed.</summary>
    public static readonly ApiError BadRequest = new(107, "bad request", StatusCodes.Status400BadRequest);

    /// <summary>The namespace does not offer it.</summary>
    public static readonly ApiError NotAvailable = new(108, "not available", StatusCodes.Status400BadRequest);

    /// <summary>The position is older than what is kept, or of another epoch.</summary>
    public static readonly ApiError UnrecoverablePosition = new(112, "unrecoverable position", StatusCodes.Status416RangeNotSatisfiable);
}

/// <summary>A request cannot be served.</summary>
internal sealed class ApiException(ApiError error, string? detail = null) : Exception(detail ?? error.Message)
{
    /// <summary>Why.</summary>
    public ApiError Error => detail is null ? error : error with { Message = $"{error.Message}: {detail}" };
}
