using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Testing;
using Xunit;

namespace Millrace.Fuzz.Tests;

/// <summary>The harness finds what it is there to find.</summary>
public sealed class HarnessTests
{
    [Fact]
    public void Same_seed_and_index_make_the_same_input_whatever_came_before()
    {
        using var all = new TargetRun(TargetList.Make("json"), 7);
        using var one = new TargetRun(TargetList.Make("json"), 7);
        using var other = new TargetRun(TargetList.Make("json"), 8);
        var inputs = Enumerable.Range(0, 50).Select(index => all.Make(index)).ToList();
        Assert.Equal(inputs[49], one.Make(49));
        Assert.NotEqual(inputs[49], other.Make(49));
    }

    [Theory]
    [InlineData("throws", "InvalidOperationException: Thrown.")]
    [InlineData("lies", "it does not hold")]
    [InlineData("eats", "allocates")]
    [InlineData("dawdles", "takes")]
    [InlineData("", null)]
    public void Finding_names_what_does_not_hold(string what, string? message)
    {
        using var run = new TargetRun(new BadTarget(what), 1);
        var finding = run.Try(3);
        if (message is null) Assert.Null(finding);
        else Assert.StartsWith(message, finding?.Message);
    }

    [Fact]
    public void Report_says_how_to_repeat_a_finding_and_keeps_its_input()
    {
        using var folder = new TempDirectory();
        var finding = new Finding("json", 5, 17, [1, 2, 3], "it does not hold", "kind");
        Assert.Equal("5:17", finding.Position);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(finding.Save(folder.Path)));
    }

    [Theory]
    [InlineData("--inputs", "x")]
    [InlineData("nothing-of-this-name")]
    [InlineData("--repeat", "1:2")]
    [InlineData("json", "--repeat", "12")]
    public void Wrong_command_line_is_said(params string[] arguments) => Assert.Throws<UsageException>(() => FuzzSettings.Parse(arguments));

    private sealed class BadTarget(string what) : Target
    {
        private readonly List<byte[]> _eaten = [];

        public override string Name => "bad";

        public override TimeSpan TimeLimit => TimeSpan.FromMilliseconds(20);

        public override byte[] Make(Source source) => source.Bytes(8);

        public override bool Parse(byte[] input)
        {
            if (what == "throws") throw new InvalidOperationException("Thrown.");
            if (what == "eats") _eaten.Add(new byte[1 << 20]);
            var until = TimeProvider.System.GetTimestamp();
            while (what == "dawdles" && TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromMilliseconds(40)) Thread.SpinWait(100);
            return true;
        }

        public override void Check(byte[] input, bool accepted) => Require.That(what != "lies", "it does not hold");
    }
}
