import type { App, AppFile } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { modulesOf } from "./source-code.ts";

const id = "wiring.provider";
const link = readme("combine-it-with-your-opentelemetry");

/** Set-ups of OpenTelemetry that hold the global LoggerProvider when they run. */
const setups: readonly (readonly [name: string, module: RegExp, call: RegExp])[] = [
  ["registerOTel", /^@vercel\/otel$/, /\bregisterOTel\s*\(/],
  ["NodeSDK", /^@opentelemetry\/sdk-node$/, /\bnew\s+(?:\w+\.)?NodeSDK\s*\(/],
  ["LoggerProvider", /^@opentelemetry\/sdk-logs$/, /\bnew\s+(?:\w+\.)?LoggerProvider\s*\(/],
];

/** Modules that start an SDK as soon as they are imported. */
const selfStarting = /^@opentelemetry\/auto-instrumentations-node\/register$/;

const preload = /(?:--import|--require|-r)[\s=]+\S*opentelemetry\S*/;

const processor = /\b(?:auditProcessor|AuditLogRecordProcessor|PangeaLogRecordExporter)\b/;

/**
 * Whether another set-up of OpenTelemetry takes the records, and passes them to authlog.
 *
 * @param nodeOptions the variable `NODE_OPTIONS`
 */
export function checkProviders(app: App, nodeOptions: string): Check[] {
  const found = app.files.flatMap((file) =>
    setups
      .filter(
        ([, module, call]) => call.test(file.code) && modulesOf(file).some((m) => module.test(m)),
      )
      .map(([name]) => checkSetup(file, name)),
  );
  const script = Object.entries(app.scripts).find(([, text]) => preload.test(text));
  const file = app.files.find((one) => modulesOf(one).some((name) => selfStarting.test(name)));
  return [
    ...found,
    ...(script === undefined ? [] : [early(`The script "${script[0]}"`)]),
    ...(preload.test(nodeOptions) ? [early("NODE_OPTIONS")] : []),
    ...(file === undefined ? [] : [early(file.path)]),
  ];
}

function hintFor(name: string): string {
  if (name === "registerOTel") return vercelHint;
  const option = name === "LoggerProvider" ? "processors" : "logRecordProcessors";
  return `import { auditProcessor } from "authlog/otel";\nnew ${name}({ ${option}: [auditProcessor()] });`;
}

/** In the edge runtime `@vercel/otel` crashes when it is given processors, or an empty list of them. */
const vercelHint = `const options = {};
if (process.env.NEXT_RUNTIME === "nodejs") {
  const { auditProcessor } = await import("authlog/otel");
  options.logRecordProcessors = [auditProcessor()];
}
registerOTel(options);`;

function early(what: string): Check {
  return {
    id,
    status: "warn",
    what: `${what} starts an OpenTelemetry of its own.`,
    why: "Its provider has no audit processor: authlog delivers past it and says ERR_AUTHLOG_NO_PROCESSOR. Start the SDK in code instead.",
    hint: 'import { auditProcessor } from "authlog/otel";\nnew NodeSDK({ logRecordProcessors: [auditProcessor()] }).start();',
    link,
  };
}

function checkSetup({ path, code }: AppFile, name: string): Check {
  if (processor.test(code)) {
    const what = `${name} in ${path} has authlog's processor.`;
    return { id, status: "ok", what, why: "Its provider hands the records on to authlog." };
  }
  return {
    id,
    status: "warn",
    what: `${name} in ${path} has no audit processor.`,
    why: "If it holds the LoggerProvider, authlog delivers past it and says ERR_AUTHLOG_NO_PROCESSOR.",
    hint: hintFor(name),
    link,
  };
}
