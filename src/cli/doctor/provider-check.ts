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

const processor = /\b(?:auditProcessor|AuditLogRecordProcessor|PangeaLogRecordExporter)\b/;

/** Whether another set-up of OpenTelemetry takes the records, and passes them to authlog. */
export function checkProviders(app: App): Check[] {
  const found = app.files.flatMap((file) =>
    setups
      .filter(
        ([, module, call]) => call.test(file.code) && modulesOf(file).some((m) => module.test(m)),
      )
      .map(([name]) => checkSetup(file, name)),
  );
  const preloaded = Object.entries(app.scripts).find(([, script]) =>
    /(?:--import|--require|-r)[\s=]+\S*opentelemetry\S*/.test(script),
  );
  if (preloaded !== undefined) {
    found.push({
      id,
      status: "warn",
      what: `The script "${preloaded[0]}" starts OpenTelemetry before the app.`,
      why: "Its provider has no audit processor: authlog delivers past it, and those records reach no collector.",
      link,
    });
  }
  return found;
}

function checkSetup({ path, code }: AppFile, name: string): Check {
  if (processor.test(code)) {
    const what = `${name} in ${path} has authlog's processor.`;
    return { id, status: "ok", what, why: "Its provider hands the records on to authlog." };
  }
  const call = name === "registerOTel" ? "registerOTel" : `new ${name}`;
  const option = name === "LoggerProvider" ? "processors" : "logRecordProcessors";
  return {
    id,
    status: "warn",
    what: `${name} in ${path} has no audit processor.`,
    why: "If it holds the LoggerProvider, authlog delivers past it and says ERR_AUTHLOG_NO_PROCESSOR.",
    hint: `import { auditProcessor } from "authlog/otel";\n${call}({ ${option}: [auditProcessor()] });`,
    link,
  };
}
