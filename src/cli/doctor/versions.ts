/** A version as numbers: `5.0.0-beta.32` is 5, 0, 0. */
export type Version = readonly [major: number, minor: number, patch: number];

/** Reads a version; what stands behind the third number is left out. */
export function parseVersion(text: string): Version {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

/** Whether a version is not before another. */
export function atLeast(version: string, least: Version): boolean {
  const found = parseVersion(version);
  const at = found.findIndex((number, index) => number !== least[index]);
  return at < 0 || (found[at] ?? 0) > (least[at] ?? 0);
}
