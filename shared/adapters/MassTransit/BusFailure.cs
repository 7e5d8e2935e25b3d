using System.Security.Authentication;
using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace Millrace.Adapters.MassTransit;

/// <summary>Says what is wrong with the bus in a sentence that helps.</summary>
internal static class BusFailure
{
    /// <summary>What keeps the bus from being healthy, or <see langword="null"/> when nothing is known.</summary>
    public static string? Of(BusHealthResult health) =>
        (health.Exception ?? health.Endpoints.Values.Select(endpoint => endpoint.Exception).FirstOrDefault(failure => failure is not null)) is { } failure
            ? Tell(failure)
            : null;

    private static string Tell(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationFailureException:
                case PossibleAuthenticationFailureException:
                    return "the broker refuses the user or the password; check Millrace:RabbitMq:User and Millrace:RabbitMq:Password.";
                case AuthenticationException:
                    return $"no secure connection; check Millrace:RabbitMq:Tls. {e.Message}";
                case OperationInterruptedException { ShutdownReason.ReplyCode: 530 } denied:
                    return $"the user may not use the virtual host, or there is none such; check Millrace:RabbitMq:VirtualHost. {denied.ShutdownReason.ReplyText}";
                case OperationInterruptedException { ShutdownReason.ReplyCode: 403 } refused:
                    return $"the user lacks a right (docs/rabbitmq.md lists them). {refused.ShutdownReason.ReplyText}";
                case OperationInterruptedException { ShutdownReason.ReplyCode: 406 } differs:
                    return $"a queue stands there with other settings; remove it, or name another one in Millrace:RabbitMq:Queue. {differs.ShutdownReason.ReplyText}";
                case AggregateException { InnerExceptions.Count: > 0 } several when e.InnerException is null:
                    return Tell(several.InnerExceptions[0]);
            }

            if (e.InnerException is null) return e.Message;
        }

        return failure.Message;
    }
}
