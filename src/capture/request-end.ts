import { getSlot, type RequestEnd } from "../slot.ts";
import { defaultFlushMillis, sendAll } from "../telemetry/flush.ts";
import { loadOnce } from "../telemetry/load-once.ts";
import { loggerProviders } from "../telemetry/logger.ts";
import { deferred } from "../telemetry/built-ins.ts";

/** Where Next.js, and the platform that it runs on, keep what belongs to the request. */
const contextKeys = [
  Symbol.for("@next/request-context"),
  Symbol.for("@vercel/request-context"),
] as const;

type WaitUntil = (work: Promise<unknown>) => void;
type After = (work: Promise<unknown> | (() => Promise<unknown>)) => void;

/**
 * How long the events of requests are gathered, to be sent together: as long as a batch waits by
 * default. A delivery keeps the processor for a millisecond at best, half as long as a sign-in.
 */
const longestGatheringMillis = 1000;

/** Whether a request is held by now for all whose events come before the gathering ends. */
let gathering = false;

/**
 * Has the process kept, behind the answer, until the events of this request are delivered: by
 * Next.js's `after()`, which a SIGTERM waits for too, or else by the platform's `waitUntil`. Costs
 * the request nothing. Never rejects.
 *
 * @returns whether one of the two was to be had
 */
export async function holdForDelivery(): Promise<boolean> {
  if (gathering) return true;
  if (getSlot().queues.size === 0 && loggerProviders().length === 0) return false;
  try {
    const waitUntil = platformWaitUntil();
    if (waitUntil === undefined) return hasNext() && (await holdServer());
    // A platform stops the process when its work is done, so that nothing is left for later.
    const { timeoutMillis } = requestEnd();
    const work = (): Promise<unknown> => sendAll(timeoutMillis);
    if (!(await runAfter(work))) waitUntil(work());
    return true;
  } catch {
    return false;
  }
}

/**
 * On a server of one's own, which waits for every request's work before it ends, one request of
 * those that come together is held for all of them: Next.js keeps what belongs to a held request in
 * memory. The pauses of a receiver that fails hold.
 */
async function holdServer(): Promise<boolean> {
  const { promise: delivered, resolve } = deferred<unknown>();
  if (!(await runAfter(delivered))) return false;
  const { timeoutMillis } = requestEnd();
  const gatheringMillis = Math.min(longestGatheringMillis, timeoutMillis);
  gathering = true;
  setTimeout(() => {
    gathering = false;
    resolve(settle(timeoutMillis - gatheringMillis));
  }, gatheringMillis);
  return true;
}

/** Next.js puts it there, and knows its requests by it. Elsewhere its code need not be loaded. */
function hasNext(): boolean {
  return "AsyncLocalStorage" in globalThis;
}

// The extension is for plain Node: Next.js has no `exports` that would resolve without it.
const loadNextServer = loadOnce(() => import("next/server.js") as Promise<{ after?: After }>);

/** @returns whether Next.js waits for it: in a request of the app router, and nowhere else */
async function runAfter(work: Parameters<After>[0]): Promise<boolean> {
  if (!hasNext()) return false;
  try {
    const { after } = await loadNextServer();
    after?.(work);
    return after !== undefined;
  } catch {
    return false;
  }
}

/** Waits itself where the app wants that and nothing else does. Never rejects. */
export async function blockForDelivery(): Promise<void> {
  const { blocks, timeoutMillis } = requestEnd();
  if (blocks && !(await holdForDelivery())) await sendAll(timeoutMillis);
}

const defaults: RequestEnd = { timeoutMillis: defaultFlushMillis, blocks: false };

function requestEnd(): RequestEnd {
  return getSlot().capture?.requestEnd ?? defaults;
}

function settle(timeoutMillis: number): Promise<unknown> {
  const queues = [...getSlot().queues];
  return Promise.all(queues.map((queue) => queue.settle({ timeoutMillis, urgent: false })));
}

function platformWaitUntil(): WaitUntil | undefined {
  const holder = globalThis as Record<symbol, { get?(): { waitUntil?: WaitUntil } | undefined }>;
  for (const key of contextKeys) {
    const context = holder[key]?.get?.();
    if (context?.waitUntil !== undefined) return (work) => context.waitUntil?.(work);
  }
  return undefined;
}
