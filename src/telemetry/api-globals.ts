import type { SpanContext } from "../slot.ts";

/** OpenTelemetry's context: what is known to be the case where code runs. */
export interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
  deleteValue(key: symbol): Context;
}

interface ContextManager {
  active(): Context;
  with<T>(context: Context, call: () => T): T;
}

/** What `@opentelemetry/api` keeps for all of its copies, as far as authlog uses it. */
interface ApiGlobals {
  readonly version?: string;
  readonly context?: ContextManager;
  readonly logs?: unknown;
  readonly metrics?: unknown;
}

const globalKey = Symbol.for("opentelemetry.js.api.1");
/** Of the API's own keys; both lines make them so. */
const spanKey = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * The API's globals, read without the API. A copy of version 1.10 does not use what one of 1.9
 * registered, nor the other way around; an app on the 2.x line that has a newer copy somewhere would
 * lose its traces over it.
 */
export function apiGlobals(): ApiGlobals {
  return (globalThis as { [globalKey]?: ApiGlobals })[globalKey] ?? {};
}

/** Registers logs in the API's globals, which are made, in this version, where they are not there. */
export function registerLogs(provider: object, version: string): void {
  const holder = globalThis as { [globalKey]?: { logs?: unknown; version: string } };
  holder[globalKey] ??= Object.defineProperty({ version }, "version", { writable: false });
  holder[globalKey].logs ??= provider;
}

/** The span that is active where the caller runs, whichever version of the API made it so. */
export function activeSpan(): SpanContext | undefined {
  return spanIn(apiGlobals().context?.active());
}

/** The span that a context holds, unless it is none by its id. */
export function spanIn(context: Context | undefined): SpanContext | undefined {
  const span = context?.getValue(spanKey);
  const found = (span as { spanContext(): SpanContext } | undefined)?.spanContext();
  return found && /[^0]/.test(found.traceId) ? found : undefined;
}

/** The active context with another span in it. Where there is no context, it holds the span alone. */
export function contextWith(span: SpanContext): Context {
  return (apiGlobals().context?.active() ?? empty).setValue(spanKey, {
    spanContext: () => span,
  });
}

const empty = contextOf(new Map());

function contextOf(values: ReadonlyMap<symbol, unknown>): Context {
  return {
    getValue: (key) => values.get(key),
    setValue: (key, value) => contextOf(new Map([...values, [key, value]])),
    deleteValue: (key) => contextOf(new Map([...values].filter(([other]) => other !== key))),
  };
}
