import { setTimeout } from "node:timers/promises";

/**
 * Asks again and again until there is an answer. The deadline only bounds a failure: a test that
 * passes never waits for it.
 *
 * @param what the thing waited for, for the error
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  withinMillis = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMillis} ms in vain for ${what}.`);
    await setTimeout(25);
  }
}
