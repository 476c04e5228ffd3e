import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import { PangeaLogRecordExporter } from "../../src/pangea/pangea-log-record-exporter.ts";
import type { HrTime, ReadableLogRecord } from "../../src/telemetry/exporter.ts";

/** Sentences of events that any verifier of the vendor's can read. */
const plain = [
  "ada signed in with credentials",
  "żółć, ключ, 鍵, 🔑 and é\u0301 signed in",
  'a "quote", a \\ and a / signed in',
  '{"b":1, "a":[2]}',
  "123",
  "\ud800 signed in",
];

/** Sentences with a character that Go's JSON writes as an escape, where RFC 8785 has it as it is. */
export const escapedByGo: readonly string[] = ["<", ">", "&", "\u2028", "\u2029"].map(
  (character) => `ada ${character} bob`,
);

/** Whole seconds, milliseconds, and fractions that end in zeros: each is written with six digits. */
const fractions = [0, 1_000_000, 120_000_000, 999_000_000];

/** A key as `signingKeyFile` wants it. */
export async function writeSigningKey(folder: string): Promise<string> {
  const path = join(folder, "signing.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeFile(path, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  return path;
}

/**
 * A ledger that the exporter filled with every sentence, signed and unsigned: buffers of four events
 * that are published, and an open one.
 */
export async function fillLedger(folder: string): Promise<RunningLedger> {
  const ledger = await startLedger({
    path: join(folder, "ledger.db"),
    port: 0,
    maxBufferSize: 4,
    publishIntervalMillis: 86_400_000,
  });
  const { url: baseUrlTemplate, token } = ledger;
  const signingKeyFile = await writeSigningKey(folder);
  for (const options of [{ signingKeyFile }, {}]) {
    const exporter = new PangeaLogRecordExporter({ token, baseUrlTemplate, ...options });
    const records = [...plain, ...escapedByGo].map(recordOf);
    const outcome = await exporter.deliver(records);
    if (outcome.status !== "delivered")
      throw new Error(`The ledger was not filled: ${outcome.status}`);
  }
  return ledger;
}

function recordOf(body: string, at: number): ReadableLogRecord {
  const hrTime: HrTime = [1_767_225_600 + at, fractions[at % fractions.length] ?? 0];
  return {
    hrTime,
    eventName: "auth.sign_in",
    severityNumber: 9,
    body,
    attributes: { "log.record.uid": crypto.randomUUID(), "user.id": "ada", "user.name": body },
    resource: { attributes: { "service.name": "shop" } },
    instrumentationScope: { name: "authlog" },
    hrTimeObserved: hrTime,
    droppedAttributesCount: 0,
  };
}
