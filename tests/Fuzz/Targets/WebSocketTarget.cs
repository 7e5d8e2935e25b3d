using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Fuzz.Reference;
using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.Fuzz.Targets;

/// <summary>Bytes of a WebSocket as a client sends them, frame by frame, against a slow reading.</summary>
internal sealed class WebSocketTarget : Target
{
    private const int MaxMessage = 2000;
    private readonly List<string> _read = [];

    public override string Name => "websocket";

    public override byte[] Make(Source source)
    {
        var bytes = new List<byte>();
        for (var count = source.Between(1, 5); count > 0; count--) AddFrame(source, bytes);
        var frames = bytes.ToArray();
        return source.Once(3) ? Mutator.Damage(frames, source, []) : frames;
    }

    public override bool Parse(byte[] input)
    {
        _read.Clear();
        if (input.Length == 0) return false; // A sequence of two empty pieces is none.
        // In two pieces, so that frames lie across a boundary.
        var first = new Piece(input.AsMemory(0, input.Length / 2));
        var sequence = new ReadOnlySequence<byte>(first, 0, first.Append(input.AsMemory(input.Length / 2)), input.Length - (input.Length / 2));
        var reader = new WebSocketReader(PipeReader.Create(sequence), MaxMessage);
        while (true)
        {
            var next = reader.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (next.IsEnd) break;
            if (next.FailureCode != 0)
            {
                _read.Add($"fails {next.FailureCode}");
                break;
            }

            _read.Add($"{(int)next.Opcode} {Convert.ToHexString(next.Payload.Span)}");
            if (next.Opcode != WebSocketOpcode.Close) continue;
            next.CloseAnswer();
            next.Describe();
        }

        reader.Release();
        return _read.Count > 0 && !_read[^1].StartsWith("fails", StringComparison.Ordinal);
    }

    public override void Check(byte[] input, bool accepted) => Require.Same(string.Join('\n', SlowWebSocket.Read(input, MaxMessage)), string.Join('\n', _read), "what was read");

    private static void AddFrame(Source source, List<byte> bytes)
    {
        var code = source.Once(20) ? source.Below(16) : source.Of([0, 1, 1, 2, 8, 9, 10]);
        bytes.Add((byte)((source.Once(4) ? 0 : 0x80) | (source.Once(60) ? source.Below(8) << 4 : 0) | code));
        var payload = source.Once(2) ? source.Bytes(source.Length(125, 126, 400)) : System.Text.Encoding.UTF8.GetBytes(source.Word(source.Length(125, 126, 1999, 2000)));
        var masked = source.Once(60) ? 0 : 0x80;
        var wide = source.Once(30) ? 8 : payload.Length > 125 || source.Once(30) ? 2 : 0;
        bytes.Add((byte)(masked | (wide == 8 ? 127 : wide == 2 ? 126 : payload.Length)));
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(length, source.Once(60) ? source.Bits() : (ulong)payload.Length);
        bytes.AddRange(length[(8 - wide)..]);
        var mask = source.Bytes(4);
        if (masked != 0) bytes.AddRange(mask);
        for (var i = 0; i < payload.Length; i++) bytes.Add((byte)(payload[i] ^ (masked != 0 ? mask[i % 4] : 0)));
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
