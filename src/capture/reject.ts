import type { AuthEvent } from "../event/auth-event.ts";
import { getSlot } from "../slot.ts";
import { emitEvent } from "./emit-event.ts";
import { Coalescer } from "./coalescer.ts";

const coalescer = new Coalescer({
  emit: emitEvent,
  now: Date.now,
  schedule(callback, delayMillis) {
    const timer: unknown = setTimeout(callback, delayMillis);
    // In Node a timer keeps the process alive, elsewhere it is a number.
    if (typeof timer === "object" && timer !== null && "unref" in timer) {
      (timer as { unref(): void }).unref();
    }
  },
});

const tell = (): void => coalescer.flush();

/**
 * Tells of something that anyone can bring about without an identity: the first few a minute and
 * address as they are, more of them as a count.
 */
export function emitReject(event: AuthEvent): void {
  getSlot().tellers.add(tell);
  coalescer.offer(event);
}
