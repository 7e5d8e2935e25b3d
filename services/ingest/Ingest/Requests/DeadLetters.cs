using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ingest.Events;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Requests;

/// <summary>Turns rejections into records of the dead-letter topic.</summary>
internal static class DeadLetters
{
    /// <summary>The content type of an event that came in CloudEvents binary mode and is kept in structured mode.</summary>
    private const string Structured = "application/cloudevents+json";

    /// <summary>One record a rejection.</summary>
    /// <param name="frame">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="contentType">Its content type.</param>
    /// <param name="rejections">What was refused of it.</param>
    public static LogRecord[] Of(RequestFrame frame, ReadOnlyMemory<byte> body, string? contentType, IReadOnlyList<Rejection> rejections)
    {
        var records = new LogRecord[rejections.Count];
        for (var i = 0; i < records.Length; i++) records[i] = Of(frame, body, contentType, rejections[i], frame.Headers);
        return records;
    }

    /// <summary>The record of a rejection.</summary>
    /// <param name="frame">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="contentType">Its content type.</param>
    /// <param name="rejection">What was refused of it.</param>
    /// <param name="headers">Headers of the record.</param>
    public static LogRecord Of(
        RequestFrame frame, ReadOnlyMemory<byte> body, string? contentType, Rejection rejection, IReadOnlyDictionary<string, string>? headers)
    {
        var original = rejection.Restated ?? body.Slice(rejection.Start, rejection.Length);
        var letter = new DeadLetter
        {
            Tenant = frame.Tenant,
            ReceivedAtMs = frame.ReceivedAtMs,
            Code = rejection.Fault.Code.Code,
            Field = rejection.Fault.Field,
            Message = rejection.Fault.Message,
            Original = UnsafeByteOperations.UnsafeWrap(original[..Math.Min(original.Length, EventLimits.EventBytes)]),
            OriginalBytes = original.Length,
            ContentType = rejection.Restated is null ? contentType ?? "" : Structured,
            Index = rejection.Index,
            Id = rejection.Id ?? "",
            Stream = frame.DefaultStream ?? "",
        };
        return new LogRecord(Encoding.UTF8.GetBytes(frame.Tenant), letter.ToByteArray(), headers);
    }
}
