import { type Component, getSlot } from "../slot.ts";
import { scopeName } from "../vocabulary.ts";
import { apiGlobals } from "./api-globals.ts";
import type { DeliveryOutcome, ReadableLogRecord, Settled } from "./exporter.ts";
import { groupBy } from "./built-ins.ts";

type Attributes = Readonly<Record<string, string>>;

interface Adding {
  add(value: number, attributes: Attributes): void;
}

interface Options {
  unit: string;
  description: string;
}

interface Observer {
  observe(value: number, attributes: Attributes): void;
}

interface Observable {
  addCallback(callback: (observer: Observer) => void): void;
}

interface Meter {
  createCounter(name: string, options: Options): Adding;
  createUpDownCounter(name: string, options: Options): Adding;
  createHistogram(
    name: string,
    options: Options,
  ): { record(value: number, attributes: Attributes): void };
  createObservableUpDownCounter(name: string, options: Options): Observable;
}

interface MeterProvider {
  getMeter(name: string): Meter;
}

let counts = 0;

/** A component with a name of its own. */
export function createComponent(type: string): Component {
  counts += 1;
  return { type, name: `${type}/${counts - 1}` };
}

/** Counts records that a processor is done with; `errorType` says what became of those it lost. */
export function countProcessed(component: Component, count: number, errorType?: string): void {
  if (count > 0) instruments()?.processed.add(count, attributesOf(component, errorType));
}

/** Measures one delivery: how many records it took, how long, and how it ended. */
export type ExportMeasure = (
  records: readonly ReadableLogRecord[],
  deliver: () => Promise<DeliveryOutcome>,
) => Promise<DeliveryOutcome>;

/** Makes the measure of one exporter, which knows the records that come back to it. */
export function createExportMeasure(component: Component): ExportMeasure {
  // A batch that is settled in part comes back whole: what is settled of it was counted then.
  const counted = new WeakSet<ReadableLogRecord>();

  return async (records, deliver) => {
    const measured = instruments();
    if (measured === undefined) return deliver();
    const began = performance.now();
    measured.inFlight.add(records.length, attributesOf(component));
    const outcome = await deliver();
    measured.inFlight.add(-records.length, attributesOf(component));
    const seconds = (performance.now() - began) / 1000;
    measured.duration.record(seconds, attributesOf(component, errorTypeOf(outcome)));
    const errorTypes = errorTypesOf(records, outcome, counted);
    for (const [errorType, { length }] of groupBy(errorTypes, (type) => type)) {
      measured.exported.add(length, attributesOf(component, errorType));
    }
    return outcome;
  };
}

/** How the export of each record ended that was not counted before: an error's code, or none. */
function errorTypesOf(
  records: readonly ReadableLogRecord[],
  outcome: DeliveryOutcome,
  counted: WeakSet<ReadableLogRecord>,
): (string | undefined)[] {
  const comesBack = outcome.status === "retryable";
  const settled = new Map(settledOf(outcome).map(({ index, cause }) => [index, cause?.code]));
  const ofOthers = comesBack ? outcome.cause.code : undefined;
  const errorTypes: (string | undefined)[] = [];
  for (const [index, record] of records.entries()) {
    const isSettled = settled.has(index);
    if (!counted.has(record)) errorTypes.push(isSettled ? settled.get(index) : ofOthers);
    if (!comesBack) counted.delete(record);
    else if (isSettled) counted.add(record);
  }
  return errorTypes;
}

function settledOf(outcome: DeliveryOutcome): readonly Settled[] {
  if (outcome.status === "delivered") return [];
  return outcome.status === "rejected" ? outcome.records : (outcome.settled ?? []);
}

function errorTypeOf(outcome: DeliveryOutcome): string | undefined {
  if (outcome.status === "delivered") return undefined;
  return outcome.status === "retryable" ? outcome.cause.code : outcome.records[0]?.cause.code;
}

function attributesOf({ type, name }: Component, errorType?: string): Attributes {
  return {
    "otel.component.type": type,
    "otel.component.name": name,
    ...(errorType !== undefined && { "error.type": errorType }),
  };
}

interface Instruments {
  processed: Adding;
  inFlight: Adding;
  exported: Adding;
  duration: ReturnType<Meter["createHistogram"]>;
}

let made: (Instruments & { provider: MeterProvider }) | undefined;

/**
 * The instruments of the app's MeterProvider, or none where it has none: then measuring costs a look.
 * A provider may be registered, or replaced, whenever the app likes.
 */
function instruments(): Instruments | undefined {
  const { metrics: provider } = apiGlobals() as { metrics?: MeterProvider };
  if (provider === undefined) return undefined;
  if (made?.provider !== provider) made = { provider, ...makeInstruments(provider) };
  return made;
}

const unit = "{log_record}";

/** Names and units of the semantic conventions for an SDK's own metrics, 1.45.0 (development). */
function makeInstruments(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(scopeName);
  observeQueues(meter, "size", "Records that wait for their confirmation.", ({ depth }) => depth);
  observeQueues(meter, "capacity", "Records that may wait.", ({ capacity }) => capacity);
  return {
    processed: meter.createCounter("otel.sdk.processor.log.processed", {
      unit,
      description: "Records that the processor is done with.",
    }),
    inFlight: meter.createUpDownCounter("otel.sdk.exporter.log.inflight", {
      unit,
      description: "Records that were handed to the exporter and have no answer yet.",
    }),
    exported: meter.createCounter("otel.sdk.exporter.log.exported", {
      unit,
      description: "Records for which an export has ended.",
    }),
    duration: meter.createHistogram("otel.sdk.exporter.operation.duration", {
      unit: "s",
      description: "How long one export took.",
    }),
  };
}

function observeQueues(
  meter: Meter,
  what: string,
  description: string,
  read: (queue: { depth: number; capacity: number }) => number,
): void {
  const name = `otel.sdk.processor.log.queue.${what}`;
  meter.createObservableUpDownCounter(name, { unit, description }).addCallback((observer) => {
    for (const queue of getSlot().queues) {
      observer.observe(read(queue), attributesOf(queue.component));
    }
  });
}
