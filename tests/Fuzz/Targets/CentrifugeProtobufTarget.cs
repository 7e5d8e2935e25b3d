using System.Text;
using Google.Protobuf;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;

namespace Millrace.Fuzz.Targets;

/// <summary>Frames of Centrifuge clients in Protobuf. What is accepted must say what Protobuf's own reader finds.</summary>
internal sealed class CentrifugeProtobufTarget : Target
{
    private readonly List<Command> _read = [];

    public override string Name => "centrifuge-protobuf";

    public override byte[] Make(Source source)
    {
        var frame = Message(output =>
        {
            for (var count = source.Between(1, 3); count > 0; count--) output.WriteBytes(ByteString.CopyFrom(Command(source)));
        });
        return source.Once(2) ? frame : Mutator.Damage(frame, source, [[0x0a], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], [0xff, 0xff, 0xff, 0xff, 0x0f]]);
    }

    public override bool Parse(byte[] input)
    {
        _read.Clear();
        return MessageFormat.Protobuf.TryRead(input, _read);
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (!accepted) return;
        var frame = new CodedInputStream(input);
        foreach (var command in _read)
        {
            var id = 0u;
            var method = CommandMethod.Pong;
            var message = frame.ReadBytes().CreateCodedInput();
            while (message.ReadTag() is var tag and not 0)
            {
                var field = WireFormat.GetTagFieldNumber(tag);
                if (field == 1 && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint) id = (uint)message.ReadUInt64();
                else if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                {
                    message.ReadBytes();
                    if (CommandNames.FromNumber(field) is var named and not CommandMethod.Pong) method = named;
                }
                else
                {
                    message.SkipLastField();
                }
            }

            Require.Same(id, command.Id, "the id");
            Require.Same(method, command.Method, "the method");
            Require.That(command.Offset >= 0, "a negative offset");
            Require.That(!command.Channel.Contains('\uFFFD', StringComparison.Ordinal) || Encoding.UTF8.GetString(input).Contains('\uFFFD', StringComparison.Ordinal), "a channel that is not what came");
        }

        Require.That(frame.IsAtEnd, "something of the frame was left over");
    }

    private static byte[] Command(Source source) => Message(output =>
    {
        if (!source.Once(8)) Number(output, 1, source.Once(6) ? source.Bits() : 7);
        var method = source.Between(3, 16);
        Bytes(output, method, Request(source, 0));
        if (source.Once(15)) Bytes(output, source.Between(3, 16), []);
    });

    private static byte[] Request(Source source, int depth) => Message(output =>
    {
        for (var count = source.Below(6); count > 0; count--)
        {
            var field = source.Between(1, 19);
            if (source.Once(3)) Number(output, field, source.Bits());
            else if (depth < 10 && source.Once(2)) Bytes(output, source.Of([3, 6, 8, 13]), Request(source, depth + 1));
            else Bytes(output, field, source.Once(6) ? source.Bytes(source.Length(20)) : Encoding.UTF8.GetBytes("tenant:acme:metrics:" + source.Word(4)));
        }
    });

    private static void Number(CodedOutputStream output, int field, ulong value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    }

    private static void Bytes(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true)) write(output);
        return bytes.ToArray();
    }
}
