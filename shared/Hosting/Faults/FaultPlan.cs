using System.Globalization;

namespace Millrace.Hosting.Faults;

/// <summary>Where and at which arrival a process dies, as told by the variable <c>MILLRACE_FAULT</c>: <c>name=kill@3</c>.</summary>
internal sealed class FaultPlan
{
    private const string Form = "expected <point>=kill@<arrival>, such as archiver.rows.inserted=kill@3";
    private readonly string _name;
    private readonly long _arrival;
    private long _arrivals;

    private FaultPlan(string name, long arrival) => (_name, _arrival) = (name, arrival);

    /// <summary>
    /// What the variable's value stands for: itself, or with <c>@</c> before it the content of a file, so that one of several processes with the same
    /// environment can be told. A file that is not there stands for no plan.
    /// </summary>
    public static string Resolve(string text)
    {
        if (!text.StartsWith('@')) return text;
        return File.Exists(text[1..]) ? File.ReadAllText(text[1..]).Trim() : "";
    }

    /// <summary>Reads what <see cref="Resolve"/> came to.</summary>
    /// <exception cref="StartException">It is not of that form, or there is no such point.</exception>
    public static FaultPlan Parse(string text)
    {
        if (text.Split('=') is not [var name, var what] || what.Split('@') is not ["kill", var count]
            || !long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var arrival) || arrival == 0)
            throw new StartException($"{FaultPoint.Variable} is '{text}'; {Form}.");
        if (!FaultPointNames.All.Contains(name))
            throw new StartException($"{FaultPoint.Variable} names the unknown point '{name}'; there are {string.Join(", ", FaultPointNames.All)}.");
        return new FaultPlan(name, arrival);
    }

    /// <summary>Counts an arrival; true at the one where the process dies.</summary>
    public bool IsDue(string name) => name == _name && Interlocked.Increment(ref _arrivals) == _arrival;
}
