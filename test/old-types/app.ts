import { audit, flush, taxonomy } from "authlog";
import { createRegister, register } from "authlog/instrumentation";
import { startLedger } from "authlog/ledger";
import { withAuthlog } from "authlog/next-auth";
import { auditProcessor, defineSchema, PangeaLogRecordExporter } from "authlog/otel";
import { createTestAudit } from "authlog/testing";

// Checked by the compiler alone. A type that was not found would be `any`, which takes every line
// below, those that expect an error excepted.

const options = withAuthlog({ providers: [], debug: true });
export const debug: boolean = options.debug;
// @ts-expect-error: the options keep their own type
export const wrong: string = options.debug;

export const registers: (() => Promise<void>)[] = [register, createRegister({ maxInFlight: 2 })];
// @ts-expect-error: no such option
createRegister({ maxInFlights: 2 });

audit({ name: "billing.refund", actor: { id: "7" } });
// @ts-expect-error: an event has a name
audit({});
export const flushed: Promise<boolean> = flush({ timeoutMillis: 10 });
// @ts-expect-error: it takes a record, or what stands for one
taxonomy(7);

auditProcessor({ schema: defineSchema({ name: "own", fields: {}, map: () => ({}) }) });
// @ts-expect-error: an exporter needs a token
export const exporter = new PangeaLogRecordExporter({});
// @ts-expect-error: a path is a text
export const ledger = startLedger({ path: 7 });
// @ts-expect-error: a list of events has no such method
createTestAudit().events.push();
