// Checks Kubernetes objects (a JSON array on standard input) against the types of their API: unknown fields, missing ones and wrong kinds.
// Prints one line a mistake and, last, what no types are known of: "unchecked: <apiVersion> <kind>".
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const packages = {
  "cert-manager.io": "@kubernetes-models/cert-manager",
  "external-secrets.io": "@kubernetes-models/external-secrets",
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
};
// Versions whose fields in use are those of another that has types.
const instead = { "external-secrets.io/v1": "external-secrets.io/v1beta1" };

const typesOf = ({ apiVersion, kind }) => {
  const version = instead[apiVersion] ?? apiVersion;
  const group = version.includes("/") ? version.split("/")[0] : "";
  const module = `${packages[group] ?? "kubernetes-models"}/${version}/${kind}`;
  return existsSync(join(here, "node_modules", `${module}.d.ts`)) ? module : undefined;
};

const objects = JSON.parse(await new Response(process.stdin).text());
const lines = [];
const owners = [];
const unchecked = new Set();
for (const object of objects) {
  const module = typesOf(object);
  if (!module) {
    unchecked.add(`${object.apiVersion} ${object.kind}`);
    continue;
  }
  const api = instead[object.apiVersion] ?? object.apiVersion;
  lines.push(`import type { I${object.kind} as T${lines.length} } from "${module}"; export const o${lines.length}: T${lines.length} = ${JSON.stringify({ ...object, apiVersion: api })};`);
  owners.push(`${object.kind}/${object.metadata.name}`);
}

const file = join(here, "objects.ts");
const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, target: ts.ScriptTarget.ES2022, types: [] };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
const text = lines.join("\n");
host.fileExists = (name) => name === file || fileExists(name);
host.readFile = (name) => (name === file ? text : readFile(name));
host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, text, options.target) : getSourceFile(name, ...rest));
const program = ts.createProgram([file], options, host);
for (const mistake of ts.getPreEmitDiagnostics(program)) {
  const line = mistake.file?.fileName === file ? mistake.file.getLineAndCharacterOfPosition(mistake.start).line : undefined;
  console.log(`${owners[line] ?? mistake.file?.fileName}: ${ts.flattenDiagnosticMessageText(mistake.messageText, " ")}`);
}
for (const kind of unchecked) console.log(`unchecked: ${kind}`);
