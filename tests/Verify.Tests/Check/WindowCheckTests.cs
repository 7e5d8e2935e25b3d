using Millrace.Verify.Check;
using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Check;

public sealed class WindowCheckTests
{
    [Fact]
    public void Window_with_every_event_once_is_exact() => Assert.Empty(Compare(Sent.Three(), Sent.Three().Window()));

    [Fact]
    public void Window_that_lacks_an_event_names_it()
    {
        var difference = Assert.Single(Compare(Sent.Three(), Sent.Three().FindAll(entry => entry.Id != "a").Window()));
        Assert.Equal(("windows", "lost", "a"), (difference.Place, difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Window_that_counts_an_event_twice_names_it()
    {
        var difference = Assert.Single(Compare(Sent.Three(), Sent.Three().Append(Sent.Three()[1]).ToList().Window()));
        Assert.Equal(("windows", "doubled", "b"), (difference.Place, difference.Kind, Assert.Single(difference.Ids)));
    }

    [Fact]
    public void Late_event_is_in_no_window()
    {
        var sent = Sent.Three();
        sent[2].WasLate = true;
        Assert.Empty(Compare(sent, sent.GetRange(0, 2).Window()));
        Assert.Equal("doubled", Assert.Single(Compare(sent, Sent.Three().Window())).Kind);
    }

    [Fact]
    public void Window_that_is_not_final_names_its_events() => Assert.Equal(["a", "b", "c"], Assert.Single(Compare(Sent.Three())).Ids);

    private static IEnumerable<Difference> Compare(IEnumerable<JournalEntry> sent, params FoundWindow[] found) => WindowCheck.Compare(Sent.Of, sent, found);
}
