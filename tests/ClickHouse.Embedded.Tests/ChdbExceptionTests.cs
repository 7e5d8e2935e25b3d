using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Tests;

public sealed class ChdbExceptionTests
{
    [Theory]
    [InlineData("Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)", 62, "Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR)")]
    [InlineData("Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)\n", 73, "Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT)")]
    [InlineData("Code: 7. DB::Exception: Code: 7. DB::Exception: Code: 7. DB::Exception: Y. (Z) (version 1). (Z) (version 1). (Z)", 7, "Code: 7. DB::Exception: Y. (Z)")]
    [InlineData("Code: x", 0, "Code: x")]
    [InlineData("no idea", 0, "Code: 0. DB::Exception: no idea")]
    public void FromEngine_reads_the_code_and_unwraps_the_text(string text, int code, string message)
    {
        var error = ChdbException.FromEngine(text);
        Assert.Equal((code, message), (error.Code, error.Message));
    }
}
