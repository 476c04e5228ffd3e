import { expect, it } from "vitest";
import { Coalescer } from "../../../src/capture/coalescer.ts";
import type { AuthEvent } from "../../../src/event/auth-event.ts";

/** A coalescer in a world whose time the test moves. */
function create() {
  const emitted: AuthEvent[] = [];
  const timers: (() => void)[] = [];
  const world = { nowMillis: 0 };
  const coalescer = new Coalescer({
    emit: (event) => void emitted.push(event),
    now: () => world.nowMillis,
    schedule: (callback) => void timers.push(callback),
  });
  const tick = (): void => {
    for (const callback of timers.splice(0)) callback();
  };
  return { coalescer, emitted, world, tick };
}

const reject = (clientAddress: string): AuthEvent => ({
  name: "auth.request.reject",
  timeUnixMillis: 0,
  outcome: "failure",
  reason: "csrf_invalid",
  errorType: "MissingCSRF",
  framework: { name: "next-auth", version: "5" },
  request: { clientAddress, clientAddressVerified: false },
});

/** How many happenings the events stand for. */
const total = (events: AuthEvent[]): number =>
  events.reduce((sum, { coalescedCount = 1 }) => sum + coalescedCount, 0);

it("the first few of an address pass, the others become one event with their count", () => {
  const { coalescer, emitted, tick } = create();
  for (let n = 0; n < 1000; n += 1) coalescer.offer(reject("203.0.113.9"));
  expect(emitted).toHaveLength(5);
  tick();
  expect(emitted).toHaveLength(6);
  expect(emitted[5]).toMatchObject({
    coalescedCount: 995,
    request: { clientAddress: "203.0.113.9" },
  });
});

it("another address has its own few, and so has the next minute", () => {
  const { coalescer, emitted, world } = create();
  for (let n = 0; n < 5; n += 1) coalescer.offer(reject("203.0.113.9"));
  coalescer.offer(reject("203.0.113.10"));
  world.nowMillis = 60_000;
  coalescer.offer(reject("203.0.113.9"));
  expect(emitted).toHaveLength(7);
});

it("a hundred thousand made-up addresses fill neither the log nor the memory, and all are counted", () => {
  const { coalescer, emitted, tick } = create();
  for (let n = 0; n < 100_000; n += 1) {
    coalescer.offer(reject(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`));
  }
  tick();
  expect(emitted.length).toBeLessThan(250);
  expect(total(emitted)).toBe(100_000);
  const largest = emitted.toSorted((a, b) => (b.coalescedCount ?? 0) - (a.coalescedCount ?? 0))[0];
  expect(largest?.request).not.toHaveProperty("clientAddress");
});

it("a clock that jumps back stretches no minute", () => {
  const { coalescer, emitted, world } = create();
  world.nowMillis = 86_400_000;
  for (let n = 0; n < 5; n += 1) coalescer.offer(reject("203.0.113.9"));
  world.nowMillis = 0;
  coalescer.offer(reject("203.0.113.9"));
  expect(emitted).toHaveLength(6);
});
