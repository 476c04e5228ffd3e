import { type CaptureSettings, getSlot } from "../slot.ts";
import type { CaptureConfig } from "./capture-config.ts";
import { identities, pseudonymOf } from "./pseudonyms.ts";
import type { Setting } from "./setting.ts";
import { attributes } from "../vocabulary.ts";

/**
 * Puts on the slot how events are captured. Where an app sets authlog up in two places, the later one
 * changes only what it says in code: a plain set-up must not tell what another keeps to itself.
 */
export function installCaptureSettings(config: CaptureConfig): void {
  const slot = getSlot();
  const { attemptedIdentifier, classifyAuthorizeError, clientAddress, sessionRead } = config;
  const { pseudonymKeys, pseudonymize } = config;
  const { timeoutMillis, blocks } = config.requestEnd;
  const made = createSettings(config);
  const from = (...settings: Setting<unknown>[]): CaptureSettings =>
    settings.some(({ source }) => source === "code") ? made : (slot.capture ?? made);
  slot.capture = Object.freeze({
    attemptedIdentifier: from(attemptedIdentifier).attemptedIdentifier,
    classifyAuthorizeError: from(classifyAuthorizeError).classifyAuthorizeError,
    clientAddress: from(clientAddress).clientAddress,
    tell: from(pseudonymKeys, pseudonymize).tell,
    pseudonymOf: from(pseudonymKeys).pseudonymOf,
    samplesSessionRead: from(sessionRead).samplesSessionRead,
    requestEnd: from(timeoutMillis, blocks).requestEnd,
  });
}

function createSettings(config: CaptureConfig): CaptureSettings {
  const [key] = config.pseudonymKeys.value;
  const hidden = new Set(config.pseudonymize.value);
  // A path often holds what was acted on, or whose page it is.
  if (config.pseudonymize.value.some((name) => identities.has(name)))
    hidden.add(attributes.urlPath);
  const hide = (attribute: string, text: string): string | undefined =>
    key && pseudonymOf(key, attribute, text);
  return {
    attemptedIdentifier: config.attemptedIdentifier.value,
    classifyAuthorizeError: config.classifyAuthorizeError.value,
    clientAddress: config.clientAddress.value,
    tell: (attribute, text) => (hidden.has(attribute) ? hide(attribute, text) : text),
    pseudonymOf: hide,
    samplesSessionRead: createSampler(config.sessionRead.value),
    requestEnd: Object.freeze({
      timeoutMillis: config.requestEnd.timeoutMillis.value,
      blocks: config.requestEnd.blocks.value,
    }),
  };
}

/**
 * Says yes to a part of all questions.
 *
 * @param random gives a number from 0 up to, and not including, 1
 */
export function createSampler(ratio: number, random: () => number = Math.random): () => boolean {
  return () => random() < ratio;
}
