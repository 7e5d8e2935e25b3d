// Parses PromQL expressions (a JSON array of texts on standard input); prints one line for each that is not PromQL.
import { parser } from "@prometheus-io/lezer-promql";

const expressions = JSON.parse(await new Response(process.stdin).text());
for (const expression of expressions) {
  const tree = parser.parse(expression);
  tree.iterate({
    enter(node) {
      if (node.type.isError) console.log(`${expression}: wrong at ${node.from}: ${expression.slice(node.from, node.from + 20)}`);
    },
  });
}
