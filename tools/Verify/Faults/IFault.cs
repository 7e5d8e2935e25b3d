using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// Something that goes wrong. Each is one file: a class of this kind with a constructor without parameters is found by itself, listed by <c>--help</c>
/// and taken by <c>--faults</c>.
/// </summary>
internal interface IFault
{
    /// <summary>What <c>--faults</c> calls it.</summary>
    string Name { get; }

    /// <summary>What it does, in one line.</summary>
    string Summary { get; }

    /// <summary>Whether it must come after all others, because it changes what they would mean.</summary>
    bool IsLast => false;

    /// <summary>Whether it can be done to a target.</summary>
    bool Suits(ITarget target);

    /// <summary>Done once before the load begins; answers with why it can't be done on this machine, or null.</summary>
    ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);

    /// <summary>Does it, undoes it, and returns when the target takes events again.</summary>
    Task InjectAsync(FaultContext context, CancellationToken cancellationToken);
}
