using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Tests.Replays;

/// <summary>The real ClickHouse, whose answers are lost where a test says so: the work is done, and who asked for it gets a failure that may pass.</summary>
internal sealed class FailingClickHouse(IClickHouse inner) : IClickHouse
{
    /// <summary>Which statement or table loses its next answer.</summary>
    public string? Loses { get; set; }

    /// <summary>How many answers were lost.</summary>
    public int Lost { get; private set; }

    public Task PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    public async Task ExecuteAsync(ClickHouseQuery statement, CancellationToken cancellationToken)
    {
        await inner.ExecuteAsync(statement, cancellationToken);
        LoseIf(statement.Sql);
    }

    public Task<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) => inner.QueryAsync(query, cancellationToken);

    public async Task<ClickHouseWritten> InsertAsync(ClickHouseInsert insert, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
    {
        var written = await inner.InsertAsync(insert, writeBody, cancellationToken);
        LoseIf(insert.Table);
        return written;
    }

    private void LoseIf(string text)
    {
        if (Loses is not { } loses || !text.Contains(loses, StringComparison.Ordinal)) return;
        Loses = null;
        Lost++;
        throw new ClickHouseException(0, retryable: true, "The answer was lost.");
    }
}
