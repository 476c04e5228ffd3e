import type { ConsistencyStep, PathStep } from "./proof.ts";
import type { Hash } from "./tree.ts";

/**
 * An inclusion proof as Pangea writes it: `l:<hex>` or `r:<hex>` for each sibling, from the leaf
 * to the root, with commas between. The empty string is the proof of a tree of one leaf.
 *
 * @example
 * encodePath([{ side: "right", hash }]); // "r:3f0c…"
 */
export function encodePath(path: readonly PathStep[]): string {
  return path.map(({ side, hash }) => `${side === "left" ? "l" : "r"}:${toHex(hash)}`).join(",");
}

/**
 * A consistency proof as Pangea writes it: for each peak `x:<hex>` and then its path, with commas
 * between.
 */
export function encodeConsistency(steps: readonly ConsistencyStep[]): string[] {
  return steps.map(({ peak, path }) => `x:${toHex(peak)},${encodePath(path)}`);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal digits of a digest. */
export function toHex(hash: Hash): string {
  let hex = "";
  for (const byte of hash) hex += hexOfByte[byte];
  return hex;
}
