using System.Collections.Concurrent;
using Millrace.Ports.Notifications;
using Millrace.Testing;
using Xunit;

namespace Millrace.Contract.Suites;

/// <summary>What every <see cref="INotificationBus"/> must do. A subclass starts a bus that gives its commands to a handler.</summary>
public abstract class NotificationBusContract : IAsyncLifetime
{
    private readonly RecordingHandler _handler = new();

    /// <summary>Starts a bus with an empty queue; it ends with <see cref="StopAsync"/>.</summary>
    protected abstract ValueTask<INotificationBus> StartAsync(INotificationHandler handler);

    /// <summary>Ends the bus and what it kept.</summary>
    protected abstract ValueTask StopAsync();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _handler.Release.Release(1000);
        await StopAsync();
        _handler.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task SendAsync_command_reaches_the_handler_as_it_was_sent()
    {
        var bus = await StartAsync(_handler);
        var command = Command("n-1", attempt: 3) with { Payload = """{"text":"Grüße, 世界 \u0000 \" 🎉"}""" };

        await bus.SendAsync(command, Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Count == 1);
        Assert.Equal(command, _handler.Handled.Single());
    }

    [Fact]
    public async Task SendAsync_right_after_the_start_waits_for_the_bus()
    {
        var bus = await StartAsync(_handler);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => bus.SendAsync(Command($"n-{i}"), Cancelled)));

        await Eventually.TrueAsync(() => _handler.Handled.Count == 20);
    }

    [Fact]
    public async Task SendAsync_large_payload_arrives_whole()
    {
        var bus = await StartAsync(_handler);
        var command = Command("n-1") with { Payload = new string('x', 1 << 20) };

        await bus.SendAsync(command, Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Count == 1);
        Assert.Equal(command.Payload, _handler.Handled.Single().Payload);
    }

    [Fact]
    public async Task SendAsync_many_commands_each_is_handled_once_when_nothing_fails()
    {
        var bus = await StartAsync(_handler);

        for (var i = 0; i < 500; i++) await bus.SendAsync(Command($"n-{i}"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Count >= 500);
        Assert.Equal(500, _handler.Handled.Select(command => command.Id).Distinct().Count());
        Assert.Equal(500, _handler.Handled.Count);
    }

    [Fact]
    public async Task SendAsync_handler_is_slow_does_not_wait_for_it_and_others_go_on()
    {
        _handler.Blocks = command => command.Id == "slow";
        var bus = await StartAsync(_handler);

        await bus.SendAsync(Command("slow"), Cancelled);
        await bus.SendAsync(Command("quick"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Any(command => command.Id == "quick"));
        Assert.DoesNotContain(_handler.Handled, command => command.Id == "slow");
        _handler.Release.Release();
        await Eventually.TrueAsync(() => _handler.Handled.Any(command => command.Id == "slow"));
    }

    [Fact]
    public async Task SendAsync_handler_throws_command_comes_again()
    {
        var failures = 2;
        _handler.Throws = _ => Interlocked.Decrement(ref failures) >= 0;
        var bus = await StartAsync(_handler);

        await bus.SendAsync(Command("n-1"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Count == 1);
        Assert.Equal(3, _handler.Calls);
    }

    [Fact]
    public async Task SendAsync_handler_always_throws_others_go_on()
    {
        _handler.Throws = command => command.Id == "bad";
        var bus = await StartAsync(_handler);

        await bus.SendAsync(Command("bad"), Cancelled);
        await bus.SendAsync(Command("good"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Any(command => command.Id == "good"));
    }

    [Theory]
    [InlineData(DeliveryStatus.Retry)]
    [InlineData(DeliveryStatus.Rejected)]
    public async Task SendAsync_delivery_failed_is_not_repeated_by_the_bus(DeliveryStatus status)
    {
        _handler.Outcome = new DeliveryOutcome(status, "no");
        var bus = await StartAsync(_handler);

        await bus.SendAsync(Command("n-1"), Cancelled);
        await Eventually.TrueAsync(() => _handler.Handled.Count == 1);
        _handler.Outcome = new DeliveryOutcome(DeliveryStatus.Delivered, "yes");
        for (var i = 0; i < 50; i++) await bus.SendAsync(Command($"later-{i}"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Count(command => command.Id != "n-1") == 50);
        Assert.Single(_handler.Handled, command => command.Id == "n-1");
    }

    [Fact]
    public async Task SendAsync_token_is_cancelled_throws_and_sends_nothing()
    {
        var bus = await StartAsync(_handler);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bus.SendAsync(Command("n-1"), new CancellationToken(canceled: true)));
        await bus.SendAsync(Command("n-2"), Cancelled);

        await Eventually.TrueAsync(() => _handler.Handled.Any(command => command.Id == "n-2"));
        Assert.Single(_handler.Handled);
    }

    [Fact]
    public async Task SendAsync_bus_is_stopped_says_so_with_its_own_exception()
    {
        var bus = await StartAsync(_handler);
        await bus.SendAsync(Command("n-1"), Cancelled);
        await Eventually.TrueAsync(() => _handler.Handled.Count == 1);

        await StopAsync();

        await Assert.ThrowsAsync<NotificationBusException>(() => bus.SendAsync(Command("n-2"), Cancelled));
    }

    private static NotificationCommand Command(string id, int attempt = 1) => new(id, "acme", "webhook", "ops", "{}", attempt);

    private sealed class RecordingHandler : INotificationHandler, IDisposable
    {
        private int _calls;

        public ConcurrentQueue<NotificationCommand> Handled { get; } = [];

        public SemaphoreSlim Release { get; } = new(0);

        public Func<NotificationCommand, bool> Blocks { get; set; } = _ => false;

        public Func<NotificationCommand, bool> Throws { get; set; } = _ => false;

        public DeliveryOutcome Outcome { get; set; } = new(DeliveryStatus.Delivered, "yes");

        public int Calls => Volatile.Read(ref _calls);

        public async Task<DeliveryOutcome> HandleAsync(NotificationCommand command, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            if (Blocks(command)) await Release.WaitAsync(cancellationToken);
            if (Throws(command)) throw new InvalidOperationException("The handler was told to fail.");
            Handled.Enqueue(command);
            return Outcome;
        }

        public void Dispose() => Release.Dispose();
    }
}
