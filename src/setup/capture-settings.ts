import { getSlot } from "../slot.ts";
import type { AuthlogConfig } from "./config.ts";
import { pseudonymOf } from "./pseudonyms.ts";

/**
 * Puts on the slot how events are captured. Where an app sets authlog up in two places, what it says
 * in code stays: a second, plain set-up must not tell what the first one keeps to itself.
 */
export function installCaptureSettings(config: AuthlogConfig): void {
  const slot = getSlot();
  const { pseudonymKeys, pseudonymize, attemptedIdentifier, clientAddress, sessionRead } = config;
  const { timeoutMillis, blocks } = config.requestEnd;
  const settings = [
    pseudonymKeys,
    pseudonymize,
    attemptedIdentifier,
    clientAddress,
    sessionRead,
    timeoutMillis,
    blocks,
  ];
  if (slot.capture !== undefined && !settings.some(({ source }) => source === "code")) return;
  const [current] = pseudonymKeys.value;
  const hidden: ReadonlySet<string> = new Set(pseudonymize.value);
  const hide = (attribute: string, text: string): string | undefined =>
    current && pseudonymOf(current, attribute, text);
  slot.capture = Object.freeze({
    attemptedIdentifier: attemptedIdentifier.value,
    clientAddress: clientAddress.value,
    tell: (attribute: string, text: string) =>
      hidden.has(attribute) ? hide(attribute, text) : text,
    pseudonymOf: hide,
    samplesSessionRead: createSampler(sessionRead.value),
    requestEnd: Object.freeze({ timeoutMillis: timeoutMillis.value, blocks: blocks.value }),
  });
}

/**
 * Says yes to a part of all questions.
 *
 * @param random gives a number from 0 up to, and not including, 1
 */
export function createSampler(ratio: number, random: () => number = Math.random): () => boolean {
  return () => random() < ratio;
}
