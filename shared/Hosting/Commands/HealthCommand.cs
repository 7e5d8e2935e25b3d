using System.Globalization;
using System.Net;

namespace Millrace.Hosting.Commands;

/// <summary>
/// <c>--health [port]</c>, for container images, which have neither a shell nor curl: exit code 0 when <c>/health/ready</c> answers 200 within five seconds,
/// else 1 with what it says on standard error. <c>Millrace__Http__Port</c> wins over the port given.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] arguments, TextWriter errors)
    {
        var text = Environment.GetEnvironmentVariable("Millrace__Http__Port") is { Length: > 0 } set ? set : arguments.ElementAtOrDefault(1);
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > IPEndPoint.MaxPort)
        {
            await errors.WriteLineAsync($"millrace: {HostCommand.Health} needs the port, as in '{HostCommand.Health} 8081', or Millrace__Http__Port.");
            return HostRunner.CannotStart;
        }

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            if (response.StatusCode == HttpStatusCode.OK) return 0;
            await errors.WriteLineAsync(await response.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            await errors.WriteLineAsync($"millrace: nothing healthy at port {port}: {e.Message}");
        }

        return 1;
    }
}
