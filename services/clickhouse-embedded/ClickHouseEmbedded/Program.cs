using Millrace.ClickHouse.Embedded;

return await EmbeddedServer.RunAsync(args);
