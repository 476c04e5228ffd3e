import { inspect } from "node:util";
import { afterEach, expect } from "vitest";
import { PangeaLogRecordExporter } from "../../src/pangea/pangea-log-record-exporter.ts";
import { type Receiver, type Reply, startReceiver } from "./pangea-receiver.ts";

/** A canary: it may be seen in the header of a request, and nowhere else. */
export const token = "pts_canary_7h3f0x";

const open: Receiver[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});

/** A receiver that is closed after the test. */
export async function receiverOf(...script: Reply[]): Promise<Receiver> {
  const receiver = await startReceiver(...script);
  open.push(receiver);
  return receiver;
}

/** An exporter to a receiver, with the canary as its token. */
export function exporterTo(
  { url }: Pick<Receiver, "url">,
  options: Partial<ConstructorParameters<typeof PangeaLogRecordExporter>[0]> = {},
): PangeaLogRecordExporter {
  return new PangeaLogRecordExporter({
    token,
    baseUrlTemplate: url,
    timeoutMillis: 5_000,
    ...options,
  });
}

/** Asserts that the canary is nowhere in a value, however deep, hidden members included. */
export function expectNoToken(value: unknown): void {
  expect(inspect(value, { depth: Infinity, showHidden: true })).not.toContain(token);
}
