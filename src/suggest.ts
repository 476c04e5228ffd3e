/**
 * The word that was probably meant: the nearest by Levenshtein's distance.
 *
 * @param maxChanges how many letters may differ; by default a third of those of the known word
 * @example
 * suggest("sevre", ["serve", "verify"]); // "serve"
 */
export function suggest(
  word: string,
  known: readonly string[],
  maxChanges: number = Number.POSITIVE_INFINITY,
): string | undefined {
  const limitOf = (candidate: string): number =>
    Math.min(maxChanges, Math.ceil(candidate.length / 3));
  const start = word.slice(0, 64);
  const ranked = known
    // So much of a difference is seen without looking at the letters: an environment can be large.
    .filter((candidate) => Math.abs(candidate.length - start.length) <= limitOf(candidate))
    .map((candidate) => ({ candidate, distance: distance(start, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best === undefined) return undefined;
  return best.distance > limitOf(best.candidate) ? undefined : best.candidate;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [at, letter] of a.split("").entries()) {
    const next = [at + 1];
    for (const [column, other] of b.split("").entries()) {
      const change = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
