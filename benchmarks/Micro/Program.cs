using Millrace.Micro;

// One benchmark a verb; each prints CPU seconds per million, which a busy machine falsifies less than rates.
return args switch
{
    ["eventlog", .. var rest] => await EventLogBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Millrace.Micro eventlog [append|read|open|all] [directory]");
    return 2;
}
