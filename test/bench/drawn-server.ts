/**
 * Runs inside the server of an example app. For each request it draws at random which parts of
 * authlog are on, and takes down what the request costs the main thread: two starts of one build
 * differ by more than authlog costs, two requests to one process do not.
 *
 * One request at a time: what is on is one in the process.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Server } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { AuditLogRecordProcessor, PangeaLogRecordExporter } from "../../dist/src/otel.js";
import { getSlot } from "../../dist/src/slot.js";
import { type Cost, type Costs, type Mode } from "./drawn-modes.ts";
import { nullExporter } from "./null-exporter.ts";

/** Nothing is sent while a request is measured. */
const never = { scheduledDelayMillis: 3_600_000, maxQueueSize: 1_000_000 };

/** What the app's own code reads: which NextAuth a request is for, and what the tutorial's awaits. */
const chosen: { kind: "plain" | "audited" | "tutorial"; log: () => Promise<unknown> } = {
  kind: "plain",
  log: () =>
    tutorial.log({ message: "User logged in", actor: "alice@example.com", action: "login" }),
};
(globalThis as Record<symbol, unknown>)[Symbol.for("authlog.bench")] = chosen;

const settings = JSON.parse(process.env["BENCH_SETTINGS"] ?? "{}") as {
  journals: string;
  receiver: string;
  hanging: string;
};

const tutorial = new AuditService(
  "pts_bench",
  new PangeaConfig({ baseUrlTemplate: settings.receiver }),
);

// The app's own line of OpenTelemetry.
const require = createRequire(join(process.cwd(), "package.json"));
const { LoggerProvider } = require("@opentelemetry/sdk-logs") as {
  LoggerProvider: new (options: object) => Provider;
};
const { NodeSDK } = require("@opentelemetry/sdk-node") as {
  NodeSDK: new (options: object) => { start(): void };
};

interface Provider {
  getLogger(name: string): { emit(record: object): void };
  forceFlush(): Promise<void>;
}

const journal = (name: string): object => ({ dir: join(settings.journals, name) });
const sender = (url: string): PangeaLogRecordExporter =>
  new PangeaLogRecordExporter({ token: "pts_bench", baseUrlTemplate: url });

const processors: Readonly<Partial<Record<Mode, AuditLogRecordProcessor>>> = {
  "+ emit": new AuditLogRecordProcessor({
    exporter: nullExporter,
    durability: "memory",
    ...never,
  }),
  "+ journal": new AuditLogRecordProcessor({
    exporter: nullExporter,
    journal: journal("kept"),
    ...never,
  }),
  "+ delivery": new AuditLogRecordProcessor({
    exporter: sender(settings.receiver),
    journal: journal("delivered"),
  }),
  "receiver hangs": new AuditLogRecordProcessor({
    exporter: sender(settings.hanging),
    journal: journal("waiting"),
  }),
};

const providers = new Map(
  Object.entries(processors).map(([mode, processor]) => [
    mode,
    new LoggerProvider({ processors: [processor] }),
  ]),
);

let mode: Mode = "off";
let tracing = false;

// Where the 2.x line keeps its provider of loggers; authlog looks in both places.
const global = globalThis as Record<symbol, unknown>;
global[Symbol.for("io.opentelemetry.js.api.logs")] = () =>
  providers.get(mode === "+ tracer" ? "+ delivery" : mode);
getSlot().sink = () => {};

startTracer();

function apply(next: Mode): void {
  mode = next;
  chosen.kind = next.startsWith("off") ? "plain" : next === "tutorial" ? "tutorial" : "audited";
  tracing = next === "+ tracer";
}

/** The tracer that an app has with `register`, behind a switch. */
function startTracer(): void {
  const ignore = {
    onStart() {},
    onEnd() {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  new NodeSDK({ spanProcessors: [ignore], metricReaders: [], logRecordProcessors: [] }).start();
  const globals = global[Symbol.for("opentelemetry.js.api.1")] as Record<string, object>;
  const { ProxyTracerProvider, ROOT_CONTEXT } = require("@opentelemetry/api") as {
    ProxyTracerProvider: new () => object;
    ROOT_CONTEXT: object;
  };
  const nothing = {
    active: () => ROOT_CONTEXT,
    with: (_: object, run: (...args: unknown[]) => unknown, self: unknown, ...args: unknown[]) =>
      run.call(self, ...args),
    bind: (_: object, target: unknown) => target,
    enable: () => nothing,
    disable: () => nothing,
  };
  globals["trace"] = switched(globals["trace"], new ProxyTracerProvider());
  globals["context"] = switched(globals["context"], nothing);
}

/** One object that is either of two, by whether the request at hand is traced. */
function switched(on: object | undefined, off: object): object {
  if (on === undefined) throw new Error("The SDK registered nothing.");
  return new Proxy(off, {
    get(_, name) {
      const target = tracing ? on : off;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

let drawn: readonly Mode[] = [];
const costs = new Map<Mode, Cost[]>();

/** What the bench itself asks: `/bench/modes?…` sets what is drawn, `/bench/costs` gives the figures. */
async function answer(url: URL, response: ServerResponse): Promise<void> {
  if (url.pathname === "/bench/modes") {
    drawn = url.searchParams.getAll("mode") as Mode[];
    costs.clear();
  }
  if (url.pathname === "/bench/drain") {
    await Promise.all(
      Object.entries(processors)
        .filter(([name]) => name !== "receiver hangs")
        .map(([, processor]) => processor.forceFlush()),
    );
  }
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      costs: Object.fromEntries(costs) satisfies Costs,
      threadMicros: threadMicros(),
    }),
  );
}

function measure(response: ServerResponse): void {
  const next = drawn[Math.floor(Math.random() * drawn.length)] ?? "off";
  apply(next);
  const before = threadMicros();
  const begun = performance.now();
  response.once("finish", () => {
    const wall = (performance.now() - begun) * 1000;
    const known = costs.get(next) ?? [];
    costs.set(next, known);
    known.push({ cpu: threadMicros() - before, wall });
  });
}

const cell = new Int32Array(new SharedArrayBuffer(4));
const shortestSleepMillis = 0.06;

/**
 * The main thread's processor time. Linux brings its account of a running thread up to date at each
 * tick, some milliseconds apart, and when the thread goes to sleep: so it sleeps for a moment.
 */
function threadMicros(): number {
  Atomics.wait(cell, 0, 0, shortestSleepMillis);
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

const { emit } = Server.prototype as { emit: (this: Server, ...args: unknown[]) => boolean };
Server.prototype.emit = function measured(this: Server, ...args: unknown[]): boolean {
  const [event, request, response] = args as [string, IncomingMessage, ServerResponse];
  if (event === "request") {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.startsWith("/bench/")) {
      void answer(url, response);
      return true;
    }
    measure(response);
  }
  return emit.apply(this, args);
};
