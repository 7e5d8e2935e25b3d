using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Millrace.Testing;

/// <summary>Waits for a condition with a deadline, never for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan _defaultDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition holds; fails the test when it does not within the deadline.</summary>
    /// <param name="condition">Asked often; cheap. What it throws fails the test at once.</param>
    /// <param name="deadline">Default 60 s of real time.</param>
    /// <param name="what">What is waited for, for the failure's text.</param>
    public static Task TrueAsync(
        Func<bool> condition, TimeSpan? deadline = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => ValueTask.FromResult(condition()), deadline, what);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, string)"/>
    public static async Task TrueAsync(
        Func<ValueTask<bool>> condition, TimeSpan? deadline = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var limit = deadline ?? _defaultDeadline;
        var started = Stopwatch.GetTimestamp();
        var pause = 1;
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) Assert.Fail($"Not within {limit.TotalSeconds} s: {what}");
            await Task.Delay(pause, TestContext.Current.CancellationToken);
            pause = Math.Min(pause * 2, 50);
        }
    }

    /// <summary>Waits until a value satisfies a condition and answers with it; fails the test with the last value otherwise.</summary>
    public static async Task<T> ValueAsync<T>(
        Func<ValueTask<T>> get, Func<T, bool> condition, TimeSpan? deadline = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var limit = deadline ?? _defaultDeadline;
        var started = Stopwatch.GetTimestamp();
        var pause = 1;
        while (true)
        {
            var value = await get();
            if (condition(value)) return value;
            if (Stopwatch.GetElapsedTime(started) > limit) Assert.Fail($"Not within {limit.TotalSeconds} s: {what}; last value: {value}");
            await Task.Delay(pause, TestContext.Current.CancellationToken);
            pause = Math.Min(pause * 2, 50);
        }
    }
}
