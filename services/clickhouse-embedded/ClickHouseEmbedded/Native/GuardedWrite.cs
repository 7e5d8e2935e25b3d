using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>
/// A function with the signature of <c>write</c> in machine code (x64, System V ABI), made when the process starts. It can't be managed code: the engine also writes from
/// signal handlers, and from threads whose stack a query has used up to the last page, where entering the runtime would end the process. This one needs 48 bytes
/// of stack and calls nothing but functions that may be called in a signal handler (POSIX.1-2017, 2.4.3).
/// </summary>
internal static unsafe class GuardedWrite
{
    private const int PauseMilliseconds = 50;

    // read | write, then read | execute; private | anonymous.
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;

    /// <summary>Makes the function.</summary>
    /// <param name="patience">How long a write waits for room; in steps of 50 ms.</param>
    /// <param name="exitCode">What the process ends with when a write can't be done.</param>
    /// <returns>The function's address, good until the process ends.</returns>
    /// <exception cref="DllNotFoundException">No memory for it, or a function of the C library is missing.</exception>
    public static nint Assemble(TimeSpan patience, int exitCode)
    {
        var size = (nuint)Environment.SystemPageSize;
        var page = LibC.mmap(0, size, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == -1) throw new DllNotFoundException("There is no memory for the code that guards writes.");
        var code = Code(new CSymbols(), (int)Math.Min(int.MaxValue, patience.TotalMilliseconds / PauseMilliseconds), exitCode);
        code.CopyTo(new Span<byte>((void*)page, (int)size));
        if (LibC.mprotect(page, size, ReadExecute) != 0) throw new DllNotFoundException("The system forbids the code that guards writes.");
        return page;
    }

    // The registers that survive calls hold what is still needed: ebx the descriptor, rbp the bytes, r12 how many, r13d how often to try again.
    private static byte[] Code(CSymbols c, int attempts, int exitCode)
    {
        var code = new MachineCode();
        code.Add(0xF3, 0x0F, 0x1E, 0xFA)                            // endbr64
            .Add(0x53).Add(0x55).Add(0x41, 0x54).Add(0x41, 0x55)    // push rbx, rbp, r12, r13
            .Add(0x48, 0x83, 0xEC, 0x08)                            // sub rsp, 8: calls want the stack aligned to 16
            .Add(0x89, 0xFB)                                        // mov ebx, edi
            .Add(0x48, 0x89, 0xF5)                                  // mov rbp, rsi
            .Add(0x49, 0x89, 0xD4)                                  // mov r12, rdx
            .Add(0x41, 0xBD).AddInt(attempts)                       // mov r13d, attempts
        .Label("again")
            .Add(0x89, 0xDF)                                        // mov edi, ebx
            .Add(0x48, 0x89, 0xEE)                                  // mov rsi, rbp
            .Add(0x4C, 0x89, 0xE2)                                  // mov rdx, r12
            .Call(c.Write)
            .Add(0x48, 0x83, 0xF8, 0xFF)                            // cmp rax, -1
            .Jump(MachineCode.NotEqual, "done")
            .Call(c.ErrorLocation)
            .Add(0x8B, 0x00);                                       // mov eax, [rax]
        Compare(LibC.Interrupted, "again");
        // Of pipes, which are not the disk's; their readers see to it. The error stays where it is for the caller.
        foreach (var error in (int[])[LibC.BadPipe, LibC.TryAgain, LibC.BadDescriptor]) Compare(error, "failed");
        foreach (var error in (int[])[LibC.NoSpace, LibC.OverQuota]) Compare(error, "full");
        Say("clickhouse-embedded: a write failed; the process ends, so that nothing is kept that was written by half\n"u8);
        code.Jump(MachineCode.Always, "end")
        .Label("full")
            .Add(0x41, 0x83, 0xED, 0x01)                            // sub r13d, 1
            .Jump(MachineCode.Below, "given up")
            .Add(0x41, 0x81, 0xFD).AddInt(attempts - 1)             // cmp r13d, attempts - 1
            .Jump(MachineCode.NotEqual, "wait");
        Say("clickhouse-embedded: the disk is full; a write waits for room\n"u8);
        code.Label("wait")
            .Add(0x31, 0xFF)                                        // xor edi, edi
            .Add(0x31, 0xF6)                                        // xor esi, esi
            .Add(0xBA).AddInt(PauseMilliseconds)                    // mov edx, pause
            .Call(c.Poll)
            .Jump(MachineCode.Always, "again")
        .Label("given up");
        Say("clickhouse-embedded: there was no room on the disk for too long; the process ends, so that nothing is kept that was written by half\n"u8);
        code.Label("end")
            .Add(0xBF).AddInt(exitCode)                             // mov edi, code
            .Call(c.Exit)
        .Label("failed")
            .Add(0x48, 0xC7, 0xC0, 0xFF, 0xFF, 0xFF, 0xFF)          // mov rax, -1
        .Label("done")
            .Add(0x48, 0x83, 0xC4, 0x08)                            // add rsp, 8
            .Add(0x41, 0x5D).Add(0x41, 0x5C).Add(0x5D).Add(0x5B)    // pop r13, r12, rbp, rbx
            .Add(0xC3);                                             // ret
        return code.ToArray();

        void Compare(int error, string label) => code.Add(0x3D).AddInt(error).Jump(MachineCode.Equal, label); // cmp eax, error

        void Say(ReadOnlySpan<byte> line) => code
            .Add(0xBF).AddInt(2)                                    // mov edi, 2
            .Add(0x48, 0xBE).AddAddress(Kept(line))                 // mov rsi, line
            .Add(0xBA).AddInt(line.Length)                          // mov edx, length
            .Call(c.Write);
    }

    // As long as the process lives, as the code does.
    private static nint Kept(ReadOnlySpan<byte> line)
    {
        var copy = (nint)NativeMemory.Alloc((nuint)line.Length);
        line.CopyTo(new Span<byte>((void*)copy, line.Length));
        return copy;
    }

    /// <summary>Addresses of the C library's functions.</summary>
    private sealed class CSymbols
    {
        private readonly nint _library = NativeLibrary.Load("libc.so.6");

        public nint Write => Find("write");

        public nint ErrorLocation => Find("__errno_location");

        public nint Poll => Find("poll");

        public nint Exit => Find("_exit");

        private nint Find(string name) =>
            NativeLibrary.TryGetExport(_library, name, out var address) ? address : throw new DllNotFoundException($"The C library has no {name}.");
    }
}
