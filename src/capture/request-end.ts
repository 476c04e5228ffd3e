import { getSlot, type RequestEnd } from "../slot.ts";
import { defaultFlushMillis, flush } from "../telemetry/flush.ts";
import { loggerProviders } from "../telemetry/logger.ts";

/** Where Next.js, and the platform that it runs on, keep what belongs to the request. */
const contextKeys = [
  Symbol.for("@next/request-context"),
  Symbol.for("@vercel/request-context"),
] as const;

type WaitUntil = (work: Promise<unknown>) => void;
type After = (work: () => Promise<unknown>) => void;

/**
 * Has the process kept, behind the answer, until the events of this request are delivered: by
 * Next.js's `after()`, which a SIGTERM waits for too, or else by the platform's `waitUntil`. Costs
 * the request nothing. Never rejects.
 *
 * @returns whether one of the two was to be had
 */
export async function holdForDelivery(): Promise<boolean> {
  if (getSlot().queues.size === 0 && loggerProviders().length === 0) return false;
  try {
    const waitUntil = platformWaitUntil();
    const { timeoutMillis } = requestEnd();
    // A platform stops the process when its work is done, so that nothing is left for later. On a
    // server of one's own the pauses of a receiver that fails hold for every request.
    const work = (): Promise<unknown> =>
      waitUntil === undefined ? settle(timeoutMillis) : flush({ timeoutMillis });
    if (await runAfter(work)) return true;
    waitUntil?.(work());
    return waitUntil !== undefined;
  } catch {
    return false;
  }
}

/** @returns whether Next.js will run it: in a request of the app router, and nowhere else */
async function runAfter(work: () => Promise<unknown>): Promise<boolean> {
  // Next.js puts it there, and knows its requests by it. Elsewhere its code need not be loaded.
  if (!("AsyncLocalStorage" in globalThis)) return false;
  try {
    // The extension is for plain Node: Next.js has no `exports` that would resolve without it.
    const { after } = (await import("next/server.js")) as { after?: After };
    after?.(work);
    return after !== undefined;
  } catch {
    return false;
  }
}

/** Waits itself where the app wants that and nothing else does. Never rejects. */
export async function blockForDelivery(): Promise<void> {
  const { blocks, timeoutMillis } = requestEnd();
  if (blocks && !(await holdForDelivery())) await flush({ timeoutMillis });
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
