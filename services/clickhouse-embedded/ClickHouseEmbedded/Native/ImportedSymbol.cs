using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>
/// A function that a loaded library imports, found by the library's relocations (System V ABI, chapter 5: <c>GLOB_DAT</c> and <c>JUMP_SLOT</c>).
/// Tables of functions that the library keeps besides are left alone.
/// </summary>
internal static unsafe class ImportedSymbol
{
    private const int StringTable = 5, SymbolTable = 6, Relocations = 7, RelocationBytes = 8, PltBytes = 2, PltRelocations = 23, RelativeCount = 0x6ffffff9;
    private const int SymbolBytes = 24;
    private const int ReadWrite = 3;

    /// <summary>Redirects the library's calls of a function.</summary>
    /// <param name="library">The library's handle.</param>
    /// <param name="name">The function, without its version.</param>
    /// <param name="target">What is called instead.</param>
    /// <returns>How many places were redirected; 0 when the library imports no such function.</returns>
    /// <exception cref="DllNotFoundException">The library's tables can't be read or changed.</exception>
    public static int Redirect(nint library, string name, nint target)
    {
        nint map;
        if (LibC.dlinfo(library, LibC.LinkMap, &map) != 0) throw new DllNotFoundException("The library's tables can't be found.");
        // struct link_map: where the library was loaded, its name, its dynamic section.
        var start = ((nint*)map)[0];
        var tables = new Dictionary<long, nint>();
        for (var entry = ((long**)map)[2]; entry[0] != 0; entry += 2) tables[entry[0]] = (nint)entry[1];

        // The relative ones come first and name no function: a million of them need not be read.
        var others = (Relocation*)Address(Relocations) + tables.GetValueOrDefault(RelativeCount);
        var plt = (Relocation*)Address(PltRelocations);
        return Patch(others, (Relocation*)(Address(Relocations) + tables.GetValueOrDefault(RelocationBytes)))
            + Patch(plt, (Relocation*)(Address(PltRelocations) + tables.GetValueOrDefault(PltBytes)));

        // glibc puts addresses into the table when it loads a library, other loaders leave offsets there.
        nint Address(int table) => tables.GetValueOrDefault(table) is var at && at != 0 && at < start ? at + start : at;

        int Patch(Relocation* first, Relocation* end)
        {
            var patched = 0;
            for (var relocation = first; relocation < end; relocation++)
            {
                if (!relocation->IsImportedFunction) continue;
                var symbol = (uint*)(Address(SymbolTable) + ((nint)relocation->Symbol * SymbolBytes));
                if (Marshal.PtrToStringUTF8(Address(StringTable) + (nint)(*symbol)) != name) continue;
                Set((nint*)(start + relocation->Offset), target);
                patched++;
            }
            return patched;
        }
    }

    private static void Set(nint* place, nint target)
    {
        var page = (nint)place & ~(nint)(Environment.SystemPageSize - 1);
        if (LibC.mprotect(page, (nuint)Environment.SystemPageSize, ReadWrite) != 0) throw new DllNotFoundException("The library's tables can't be changed.");
        Volatile.Write(ref *place, target);
    }

    /// <summary><c>Elf64_Rela</c>.</summary>
    /// <param name="Offset">The place, from where the library was loaded.</param>
    /// <param name="Info">Number of the symbol, and the type.</param>
    /// <param name="Addend">Unused for functions.</param>
    private readonly record struct Relocation(nint Offset, ulong Info, long Addend)
    {
        private const uint X64GlobDat = 6, X64JumpSlot = 7, Arm64GlobDat = 1025, Arm64JumpSlot = 1026;

        public uint Symbol => (uint)(Info >> 32);

        public bool IsImportedFunction => RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? (uint)Info is Arm64GlobDat or Arm64JumpSlot
            : (uint)Info is X64GlobDat or X64JumpSlot;
    }
}
