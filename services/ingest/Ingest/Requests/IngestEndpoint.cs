using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Millrace.Contracts;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Faults;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Millrace.Ingest.Overload;
using Millrace.Ingest.Quotas;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Requests;

/// <summary>
/// <c>POST /ingest</c>: quota, admission, body, turn, events, event log, answer; in this order, so that what is refused is refused as early as it can be. The
/// caller is known by now. Nothing is answered with 202 before all of it is durable.
/// </summary>
internal sealed class IngestEndpoint(
    IEventLog log,
    TenantQuotas quotas,
    InFlightBudget budget,
    Admission admission,
    IngestMetrics metrics,
    AppendHealth health,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<IngestEndpoint> logger)
{
    private readonly ObjectPool<IngestWork> _works = new DefaultObjectPool<IngestWork>(new IngestWorkPolicy(budget), Environment.ProcessorCount * 16);
    private readonly LogLimit _appendLog = new(time);
    private readonly LogLimit _overloadLog = new(time);

    /// <summary>Handles a request.</summary>
    public Task HandleAsync(HttpContext http)
    {
        var request = http.Request;
        var format = BodyFormat.CloudEventBinary;
        // A CloudEvent in binary mode has the type of its data, so the headers decide first.
        var contentType = request.ContentType;
        if (!CloudEventHeaders.IsBinaryMode(request.Headers) || IsCloudEventType(contentType))
        {
            format = BodyFormats.Parse(contentType, out var why);
            if (format == BodyFormat.None) return Refuse(ErrorCodes.UnsupportedMediaType, Answers.UnsupportedTypeAsync(http, why));
        }

        var coding = CodingOf(request.Headers.ContentEncoding);
        if (coding == ContentCoding.Unsupported)
            return Refuse(ErrorCodes.UnsupportedMediaType, Answers.UnsupportedCodingAsync(http, request.Headers.ContentEncoding.ToString()));
        if (!TryStream(request, out var stream)) return Refuse(ErrorCodes.BadRequest, Answers.BadStreamAsync(http));

        var tenant = http.GetCaller().Tenant;
        var quota = quotas.Of(tenant);
        if (quota is not null)
        {
            var any = quota.HasAny(out var retryAfter);
            Answers.DescribeQuota(http, quota);
            if (!any) return QuotaExceeded(http, quota, retryAfter);
        }

        var flow = admission.Of(tenant);
        return admission.TryArrive(flow, request.ContentLength, out var expected, out var later)
            ? RunAsync(http, format, coding, flow, expected, stream, quota)
            : Overloaded(http, later);
    }

    private async Task RunAsync(HttpContext http, BodyFormat format, ContentCoding coding, TenantFlow flow, long expected, string? stream, TenantQuota? quota)
    {
        var work = _works.Get();
        var arrived = true;
        try
        {
            var outcome = await work.Body.ReadAsync(flow, http.Request, coding, http.RequestAborted);
            if (outcome != BodyOutcome.Read)
            {
                await RefuseBody(http, flow, outcome);
                return;
            }

            var bytes = work.Body.Content.Length;
            metrics.BodyRead(bytes);
            arrived = false;
            await admission.Gate.EnterAsync(flow, expected, bytes, http.RequestAborted);
            try
            {
                await WorkAsync(http, format, work, flow, stream, quota);
            }
            finally
            {
                admission.Gate.LeaveLog(bytes);
            }
        }
        finally
        {
            if (arrived) admission.Gate.Withdraw(flow, expected);
            _works.Return(work);
        }
    }

    /// <summary>Reads the events, which is work, and hands them to the log, which is waiting: only the first takes a place at the gate.</summary>
    private Task WorkAsync(HttpContext http, BodyFormat format, IngestWork work, TenantFlow flow, string? stream, TenantQuota? quota)
    {
        try
        {
            var settings = options.Value;
            var frame = new RequestFrame(
                flow.Tenant, time.GetUtcNow().ToUnixTimeMilliseconds(), stream, settings.MaxEventAge, settings.MaxEventAhead, TraceHeaders.Of(http));
            return JudgeAsync(http, format, work, frame, quota);
        }
        finally
        {
            admission.Gate.LeaveWork(flow);
        }
    }

    private Task JudgeAsync(HttpContext http, BodyFormat format, IngestWork work, RequestFrame frame, TenantQuota? quota)
    {
        var batch = work.Batch;
        var body = work.Body.Content;
        if (body.Span.StartsWith(Encoding.UTF8.Preamble)) body = body[Encoding.UTF8.Preamble.Length..];
        batch.Open(frame, body.Length);
        var outcome = format == BodyFormat.CloudEventBinary
            ? CloudEventHeaders.Read(http.Request.Headers, http.Request.ContentType, body.Span, batch)
            : Body.Read(format, body.Span, batch);
        switch (outcome)
        {
            case ReadOutcome.Judged: break;
            case ReadOutcome.Empty: return Refuse(ErrorCodes.EmptyBody, Answers.EmptyAsync(http));
            case ReadOutcome.TooManyEvents: return Refuse(ErrorCodes.TooLarge, Answers.TooManyEventsAsync(http));
            case ReadOutcome.EventTooLarge: return Refuse(ErrorCodes.TooLarge, Answers.EventTooLargeAsync(http));
            default: throw new InvalidOperationException($"A body was read without an outcome ({outcome}).");
        }

        if (quota is not null)
        {
            var charged = quota.TryCharge(batch.Total, body.Length, out var retryAfter);
            Answers.DescribeQuota(http, quota);
            if (!charged) return QuotaExceeded(http, quota, retryAfter);
        }

        return AppendAsync(http, work.Batch, body, frame, quota);
    }

    private async Task AppendAsync(HttpContext http, EventBatch batch, ReadOnlyMemory<byte> body, RequestFrame frame, TenantQuota? quota)
    {
        var started = time.GetTimestamp();
        try
        {
            // Dead letters first: should the second append fail, the producer sends all of it again, and only rejections stand twice.
            if (batch.Rejections.Count > 0)
            {
                var letters = DeadLetters.Of(frame, body, http.Request.ContentType, batch.Rejections);
                await log.AppendAsync(Topics.DeadLetter, letters, default, CancellationToken.None);
            }

            // Not cancelled when the client goes: the records may be durable by then, and the buffers are in the log's hands until it answers.
            if (batch.Records.Length > 0) await log.AppendAsync(Topics.Events, batch.Records, default, CancellationToken.None);
        }
        catch (EventLogException e)
        {
            quota?.Refund(batch.Total, body.Length);
            health.Failed(e);
            if (_appendLog.Allows(out var suppressed)) Log.AppendFailed(logger, frame.Tenant, batch.Total, suppressed, e);
            await Refuse(ErrorCodes.Unavailable, Answers.UnavailableAsync(http));
            return;
        }

        FaultPoint.Reach(FaultPointNames.IngestEventsAppended);
        health.Succeeded();
        var took = time.GetElapsedTime(started);
        admission.Gate.Appended(took);
        metrics.Appended(took);
        await AnswerAsync(http, batch, frame);
    }

    private Task AnswerAsync(HttpContext http, EventBatch batch, RequestFrame frame)
    {
        var accepted = batch.Records.Length;
        metrics.Accepted(accepted);
        if (batch.Rejections.Count > 0)
        {
            foreach (var rejection in batch.Rejections) metrics.Rejected(rejection.Fault.Code.Code);
            var first = batch.Rejections[0].Fault;
            Log.Rejected(logger, frame.Tenant, batch.Rejections.Count, batch.Total, first.Code.Code, first.Message);
        }

        if (accepted == 0) return Refuse(ErrorCodes.NothingAccepted, Answers.NothingAcceptedAsync(http, batch.Rejections));
        metrics.Request(batch.Rejections.Count == 0 ? "accepted" : "partial");
        return Answers.AcceptedAsync(http, accepted, batch.Rejections);
    }

    private Task RefuseBody(HttpContext http, TenantFlow flow, BodyOutcome outcome)
    {
        switch (outcome)
        {
            case BodyOutcome.TooLarge: return Refuse(ErrorCodes.TooLarge, Answers.BodyTooLargeAsync(http));
            case BodyOutcome.Corrupt: return Refuse(ErrorCodes.BadRequest, Answers.CorruptAsync(http));
            case BodyOutcome.Overloaded: return Overloaded(http, admission.Refuse(flow, TimeSpan.FromSeconds(1)));
            default: throw new InvalidOperationException($"A body was read without an outcome ({outcome}).");
        }
    }

    private Task Overloaded(HttpContext http, string retryAfter)
    {
        metrics.Overloaded();
        if (_overloadLog.Allows(out var suppressed)) Log.Overloaded(logger, budget.Used, admission.Gate.Waiting, suppressed);
        return Refuse(ErrorCodes.Overloaded, Answers.OverloadedAsync(http, retryAfter));
    }

    private Task QuotaExceeded(HttpContext http, TenantQuota quota, TimeSpan retryAfter)
    {
        metrics.QuotaRefused();
        return Refuse(ErrorCodes.QuotaExceeded, Answers.QuotaExceededAsync(http, quota, retryAfter));
    }

    private Task Refuse(ErrorCode error, Task answer)
    {
        metrics.Request(error.Code);
        return answer;
    }

    private static bool IsCloudEventType(string? contentType) =>
        contentType is not null && contentType.StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase);

    private static bool TryStream(HttpRequest request, out string? stream)
    {
        stream = null;
        if (!request.QueryString.HasValue || !request.Query.TryGetValue("stream", out var values)) return true;
        stream = values.ToString();
        return EventDraft.IsStream(Encoding.UTF8.GetBytes(stream));
    }

    private static ContentCoding CodingOf(StringValues header)
    {
        if (header.Count == 0) return ContentCoding.Identity;
        var coding = header.ToString().AsSpan().Trim();
        if (coding.IsEmpty || coding.Equals("identity", StringComparison.OrdinalIgnoreCase)) return ContentCoding.Identity;
        if (coding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase)) return ContentCoding.Gzip;
        return coding.Equals("br", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Brotli : ContentCoding.Unsupported;
    }
}
