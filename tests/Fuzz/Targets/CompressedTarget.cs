using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Events;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ingest.Overload;
using Millrace.Ingest.Requests;

namespace Millrace.Fuzz.Targets;

/// <summary>Compressed bodies: damaged, cut off, and bombs. The first byte of an input chooses the coding.</summary>
internal sealed class CompressedTarget : Target
{
    private static readonly byte[][] Bombs = [Pack(1, new byte[EventLimits.RequestBytes + 1]), Pack(2, new byte[EventLimits.RequestBytes + 1]), Pack(1, new byte[64 << 20]), Pack(2, new byte[64 << 20])];

    private readonly TenantFlow _flow = new("fuzz");
    private readonly InFlightBudget _budget = new(256L << 20);
    private readonly BodyBuffer _body;
    private BodyOutcome _outcome;

    public CompressedTarget()
    {
        // As the ingest service sets it.
        AppContext.SetSwitch(BodyBuffer.StrictDecoding, true);
        _body = new BodyBuffer(_budget);
    }

    public override string Name => "compressed";

    public override double Share => 0.25;

    /// <summary>A bomb may unpack to the limit of a request, into rented buffers that double.</summary>
    public override long AllocationBase => 3L * EventLimits.RequestBytes;

    public override TimeSpan TimeLimit => TimeSpan.FromMilliseconds(400);

    public override byte[] Make(Source source)
    {
        if (source.Once(400)) return source.Of(Bombs);
        var coding = source.Between(1, 2);
        var content = source.Once(3) ? source.Bytes(source.Below(3000)) : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(EventMaker.Json(source) + "\n", source.Between(0, 20))));
        var packed = Pack(coding, content);
        if (source.Once(8)) packed = [.. packed, .. Pack(coding, content).AsSpan(1)];
        return source.Once(3) ? packed : [packed[0], .. Mutator.Damage(packed[1..], source, [])];
    }

    public override bool Parse(byte[] input)
    {
        if (input.Length == 0) return false;
        var coding = input[0] % 2 == 1 ? ContentCoding.Gzip : ContentCoding.Brotli;
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(input, 1, input.Length - 1);
        _outcome = _body.ReadAsync(_flow, request, coding, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return _outcome == BodyOutcome.Read;
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (input.Length == 0) return;
        Require.That(_outcome is BodyOutcome.Read or BodyOutcome.Corrupt or BodyOutcome.TooLarge, $"the outcome is {_outcome}");
        if (!accepted) return;
        Require.That(_body.Content.Length <= EventLimits.RequestBytes, "more than a request may have was unpacked");
        // RFC 1952: the last four bytes of a member are the length of what it holds. With a second member behind it the sum may be more; what is
        // behind the last member counts for nothing.
        if (input[0] % 2 == 0 || input.Length == 1 || input.AsSpan(2).IndexOf((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08]) >= 0) return;
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, _body.Content.Length);
        Require.That(input.AsSpan(1).LastIndexOf(length) >= 0, $"{_body.Content.Length} bytes came out, which no trailer says");
    }

    public override void Clear()
    {
        _body.Close();
        Require.Same(0L, _budget.Used, "the budget after the request");
    }

    private static byte[] Pack(int coding, byte[] content)
    {
        using var packed = new MemoryStream();
        packed.WriteByte((byte)coding);
        using (Stream stream = coding == 1 ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true) : new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(content);
        return packed.ToArray();
    }
}
