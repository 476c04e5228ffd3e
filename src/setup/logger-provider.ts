import { activeSpan, type Context, spanIn } from "../telemetry/api-globals.ts";
import type { HrTime, ReadableLogRecord } from "../telemetry/exporter.ts";
import { type LoggerProvider, setLoggerProvider, toHrTime } from "../telemetry/logger.ts";
import { versionOf } from "./package-version.ts";

/** The part of a processor that a provider needs. */
interface LogRecordProcessor {
  onEmit(record: ReadableLogRecord): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A log record as any code of the app may hand it to a Logger of either API. */
interface EmittedRecord {
  readonly timestamp?: unknown;
  readonly observedTimestamp?: unknown;
  readonly eventName?: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly context?: Context;
}

/** What `createLoggerProvider` makes: what either SDK's provider has, as far as an app can use it. */
interface OwnLoggerProvider extends LoggerProvider {
  getLogger(name: string, version?: string, options?: { schemaUrl?: string }): OwnLogger;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface OwnLogger {
  emit(record: EmittedRecord): void;
  enabled(): boolean;
}

/**
 * A LoggerProvider that hands each record to one processor, and does nothing else. In a bare Node the
 * LoggerProvider of `@opentelemetry/sdk-logs` costs 45 ms and 12 MB more than this one.
 */
export function createLoggerProvider(
  processor: LogRecordProcessor,
  attributes: Readonly<Record<string, string>>,
): OwnLoggerProvider {
  const resource = Object.freeze({ attributes: Object.freeze({ ...attributes }) });
  return {
    getLogger(name, version, options) {
      const { schemaUrl } = options ?? {};
      const instrumentationScope = Object.freeze({ name, version, schemaUrl });
      return {
        enabled: () => true,
        emit({ timestamp, observedTimestamp, context, attributes: own = {}, ...record }) {
          // With the fields that a stock exporter behind the processor reads.
          const seen = {
            ...record,
            attributes: own,
            hrTime: hrTimeOf(timestamp),
            hrTimeObserved: hrTimeOf(observedTimestamp),
            spanContext: context === undefined ? activeSpan() : spanIn(context),
            resource,
            instrumentationScope,
            droppedAttributesCount: 0,
          };
          processor.onEmit(seen);
        },
      };
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** Registers a provider in the APIs of both lines. The app's own API is looked at, but not loaded. */
export function registerLoggerProvider(provider: LoggerProvider): void {
  setLoggerProvider(provider, versionOf("@opentelemetry/api"));
}

/** Three years. Both APIs also take `performance.now()`, and no event of an app is of 1973. */
const longestUptimeMillis = 1e11;

/** A time in any of the forms that the APIs take; now, where it is none of them. */
function hrTimeOf(time: unknown): HrTime {
  if (Array.isArray(time) && time.length === 2 && time.every(Number.isFinite))
    return time as HrTime;
  const millis = Array.isArray(time) ? Number.NaN : Number(time ?? Date.now());
  if (!Number.isFinite(millis)) return toHrTime(Date.now());
  return toHrTime(millis < longestUptimeMillis ? performance.timeOrigin + millis : millis);
}
