using System.Buffers.Binary;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>Instructions one after the other, with labels to jump to (x64).</summary>
internal sealed class MachineCode
{
    /// <summary>What a jump depends on: the second byte of <c>Jcc rel32</c>, Intel SDM volume 2; 0 is without condition.</summary>
    public const byte Always = 0x00, Below = 0x82, Equal = 0x84, NotEqual = 0x85;

    private readonly List<byte> _bytes = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<(int At, string Label)> _jumps = [];

    /// <summary>Bytes as they are.</summary>
    public MachineCode Add(params ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes) _bytes.Add(value);
        return this;
    }

    /// <summary>A number of 32 bits.</summary>
    public MachineCode AddInt(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Add(bytes);
    }

    /// <summary>A number of 64 bits.</summary>
    public MachineCode AddAddress(nint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Add(bytes);
    }

    /// <summary>Calls a function wherever it is: <c>mov rax, function; call rax</c>.</summary>
    public MachineCode Call(nint function) => Add(0x48, 0xB8).AddAddress(function).Add(0xFF, 0xD0);

    /// <summary>Names this place.</summary>
    public MachineCode Label(string name)
    {
        _labels.Add(name, _bytes.Count);
        return this;
    }

    /// <summary>Jumps to a label, also one that comes later.</summary>
    public MachineCode Jump(byte condition, string label)
    {
        if (condition == Always) Add(0xE9);
        else Add(0x0F, condition);
        _jumps.Add((_bytes.Count, label));
        return AddInt(0);
    }

    /// <summary>The whole, with the jumps filled in.</summary>
    /// <exception cref="KeyNotFoundException">A jump goes to a label that does not exist.</exception>
    public byte[] ToArray()
    {
        var code = _bytes.ToArray();
        // Counted from the next instruction.
        foreach (var (at, label) in _jumps) BinaryPrimitives.WriteInt32LittleEndian(code.AsSpan(at), _labels[label] - (at + sizeof(int)));
        return code;
    }
}
