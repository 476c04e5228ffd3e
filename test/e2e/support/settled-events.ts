import { FormClient } from "./form-client.ts";
import {
  arrivedEvents,
  type LedgerAccess,
  type ProvenEvent,
  provenEvents,
} from "./proven-events.ts";
import type { RunningApp } from "./running-app.ts";
import { newTrace } from "./trace.ts";

/**
 * Every event of one trace. Events arrive in the order in which they were made, so when that of a
 * later attempt is there, nothing of an earlier one can be missing.
 */
export async function settledEvents(
  { url }: RunningApp,
  ledger: LedgerAccess,
  traceId: string,
): Promise<ProvenEvent[]> {
  const { traceId: last, headers } = newTrace();
  await new FormClient(url).signIn("the-last@example.com", "wrong", headers);
  await arrivedEvents(ledger, `"${last}"`);
  return provenEvents(ledger, `"${traceId}"`);
}
