namespace Millrace.Archiver.Pipeline;

/// <summary>Told at each step of the pipeline. There is none but in tests, which stop the archiver there to see that nothing is lost or doubled.</summary>
internal interface IArchiverProbe
{
    /// <summary>The step has been reached; what this throws ends the archiver as a crash would.</summary>
    ValueTask ReachedAsync(ArchiverStep step, string sink, int partition);
}

/// <summary>The steps, in the order in which a cut takes them.</summary>
internal enum ArchiverStep
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The range is written down, nothing of it is in the sink.</summary>
    Begun,

    /// <summary>One of a cut's objects is stored (objects only, once an object).</summary>
    ObjectStored,

    /// <summary>All objects are stored, the manifest is not (objects only).</summary>
    ObjectsStored,

    /// <summary>The sink has taken all of it, the position has not moved.</summary>
    Stored,

    /// <summary>Position and ledger have moved, the log's commit has not.</summary>
    Completed,
}

/// <summary>The probe of a tests' run ends the archiver here.</summary>
/// <param name="step">Where.</param>
internal sealed class ArchiverStoppedException(ArchiverStep step) : Exception($"Stopped at {step}.");
